using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Data2Vec.Corpus;

/// <summary>Writes vectors as one array of numpy.</summary>
internal static class NpyExport
{
    public static async Task<long> RunAsync(CorpusJob job, Stream vectors, Stream ids, CancellationToken cancellation)
    {
        // The header has the number of vectors, and comes first.
        long count = 0;
        int size = 0;
        IReadOnlySet<int> shards = job.ReadDone();
        foreach (int number in shards)
        {
            count += job.ShardAt(number).Rows - job.CountErrors(number).Values.Sum();
        }

        await foreach (CorpusRow row in job.ReadRowsAsync(shards, cancellation).ConfigureAwait(false))
        {
            if (row.Vector is { } vector)
            {
                size = vector.Length;
                break;
            }
        }

        if (count == 0 || size == 0)
        {
            throw new InvalidDataException($"{job.Folder}: the job has no vectors yet");
        }

        NpyFile.WriteHeader(vectors, count, size);
        long written = 0;
        await foreach (CorpusRow row in job.ReadRowsAsync(shards, cancellation).ConfigureAwait(false))
        {
            if (row.Vector is { } vector)
            {
                vectors.Write(MemoryMarshal.AsBytes<float>(vector));
                ids.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(row.Id, TextJson.Options) + "\n"));
                written++;
            }
        }

        return written == count ? count : throw new InvalidDataException($"{job.Folder}: the results changed while they were exported; export them again");
    }
}
