using Qdrant.Client;
using Qdrant.Client.Grpc;

namespace Data2Vec.Corpus;

/// <summary>Writes vectors into a collection of Qdrant.</summary>
internal sealed class QdrantExport(CorpusJob job, QdrantClient client, string collection)
{
    // A call is limited to some megabytes.
    private const int RowsAtOnce = 256;

    public async Task<long> RunAsync(IProgress<long>? progress, CancellationToken cancellation)
    {
        long count = 0;
        var points = new List<PointStruct>();
        await foreach (CorpusRow row in job.ReadRowsAsync(cancellation).ConfigureAwait(false))
        {
            if (row.Vector is { } vector)
            {
                bool isFirst = count == 0 && points.Count == 0;
                if (isFirst && !await client.CollectionExistsAsync(collection, cancellation).ConfigureAwait(false))
                {
                    await client.CreateCollectionAsync(
                        collection, new VectorParams { Size = (ulong)vector.Length, Distance = Distance.Cosine }, cancellationToken: cancellation).ConfigureAwait(false);
                }

                points.Add(Point(row, vector));
                if (points.Count == RowsAtOnce)
                {
                    await FlushAsync().ConfigureAwait(false);
                }
            }
        }

        await FlushAsync().ConfigureAwait(false);
        return count;

        async Task FlushAsync()
        {
            if (points.Count > 0)
            {
                await client.UpsertAsync(collection, points, wait: true, cancellationToken: cancellation).ConfigureAwait(false);
                count += points.Count;
                points.Clear();
                progress?.Report(count);
            }
        }
    }

    private PointStruct Point(CorpusRow row, float[] vector)
    {
        var point = new PointStruct { Id = StableUuid.Of(row.Id), Vectors = vector };
        point.Payload["id"] = row.Id;
        point.Payload["source"] = row.Source;
        point.Payload["job"] = job.Digest;
        if (row.Sha256 is { } digest)
        {
            point.Payload["sha256"] = digest;
        }

        if (row.Reference is { } reference)
        {
            point.Payload["reference"] = reference;
        }

        return point;
    }
}
