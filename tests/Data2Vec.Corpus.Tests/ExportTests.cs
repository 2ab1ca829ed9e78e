using System.Text.Json;
using Data2Vec.IO;
using Grpc.Core;
using Qdrant.Client;
using Qdrant.Client.Grpc;

namespace Data2Vec.Corpus.Tests;

public sealed class ExportTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Numpy_arrays_have_the_vectors_of_good_rows_in_order()
    {
        CorpusJob job = await JobAsync();
        Assert.Equal(24, await CorpusExport.ToNpyAsync(job, _folder["out.npy"]));
        CorpusRow[] good = [.. (await TestFolder.RowsAsync(job)).Where(row => row.Error is null)];
        NpyArray array = NpyFile.Read(_folder["out.npy"]);
        Assert.Equal([24, good[0].Vector!.Length], array.Shape);
        Assert.Equal(good.SelectMany(row => row.Vector!), array.Floats());
        Assert.Equal(good.Select(row => row.Id), File.ReadAllLines(_folder["out.npy.ids"]).Select(line => JsonSerializer.Deserialize<string>(line)));

        byte[] bytes = File.ReadAllBytes(_folder["out.npy"]);
        await CorpusExport.ToNpyAsync(job, _folder["out.npy"]);
        Assert.Equal(bytes, File.ReadAllBytes(_folder["out.npy"]));
    }

    [Fact]
    public async Task Json_lines_have_the_good_rows_in_order()
    {
        CorpusJob job = await JobAsync();
        Assert.Equal(24, await CorpusExport.ToJsonLinesAsync(job, _folder["out.jsonl"]));
        CorpusRow[] good = [.. (await TestFolder.RowsAsync(job)).Where(row => row.Error is null)];
        string[] lines = File.ReadAllLines(_folder["out.jsonl"]);
        for (int i = 0; i < lines.Length; i++)
        {
            using JsonDocument json = JsonDocument.Parse(lines[i]);
            Assert.Equal(good[i].Id, json.RootElement.GetProperty("id").GetString());
            Assert.Equal(good[i].Vector, json.RootElement.GetProperty("vector").EnumerateArray().Select(number => number.GetSingle()));
        }
    }

    [Fact]
    public async Task Qdrant_gets_each_vector_once_however_often_it_is_exported()
    {
        CorpusJob job = await JobAsync();
        var server = new QdrantServer();
        using var client = new QdrantClient(new QdrantGrpcClient(server));
        Assert.Equal(24, await CorpusExport.ToQdrantAsync(job, client, "texts"));
        Assert.Equal(24, await CorpusExport.ToQdrantAsync(job, client, "texts"));

        CorpusRow[] good = [.. (await TestFolder.RowsAsync(job)).Where(row => row.Error is null)];
        Assert.Equal(((ulong)good[0].Vector!.Length, 1), (server.Size, server.Created));
        Assert.Equal(24, server.Points.Count);
        Assert.Equal(good.Select(row => row.Id).Order(), server.Points.Values.Select(point => point.Payload["id"].StringValue).Order());
        Assert.All(server.Points.Keys, id => Assert.Equal('8', Guid.Parse(id).ToString()[14]));
    }

    [Fact]
    public async Task Only_vectors_go_to_vector_stores()
    {
        CorpusJob job = CorpusJob.Create(_folder["classes"], new ClassifyTask(TestFolder.Model("text-sentiment.d2v")), [CorpusSource.FromPath(_folder.Texts(3))]);
        await TestFolder.RunAsync(job);
        await Assert.ThrowsAsync<InvalidDataException>(() => CorpusExport.ToNpyAsync(job, _folder["out.npy"]));
        Assert.Equal(3, await CorpusExport.ToJsonLinesAsync(job, _folder["out.jsonl"]));
        Assert.Contains("\"label\":\"", File.ReadAllText(_folder["out.jsonl"]), StringComparison.Ordinal);
    }

    private async Task<CorpusJob> JobAsync()
    {
        string table = _folder.Write("t.jsonl", string.Concat(Enumerable.Range(0, 25).Select(i => i == 9 ? "{\"id\": 9}\n" : $"{{\"id\": {i}, \"text\": \"film {i}\"}}\n")));
        CorpusJob job = _folder.Embed("job", table, 10);
        await TestFolder.RunAsync(job);
        return job;
    }

    /// <summary>Answers the calls of an export as Qdrant does.</summary>
    private sealed class QdrantServer : CallInvoker
    {
        public Dictionary<string, PointStruct> Points { get; } = [];

        public int Created { get; private set; }

        public ulong Size { get; private set; }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            object answer = Answer(request);
            return new AsyncUnaryCall<TResponse>(Task.FromResult((TResponse)answer), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
        }

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) =>
            throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) =>
            throw new NotSupportedException();

        private object Answer(object? request)
        {
            switch (request)
            {
                case CollectionExistsRequest:
                    return new CollectionExistsResponse { Result = new CollectionExists { Exists = Created > 0 } };
                case CreateCollection create:
                    Created++;
                    Size = create.VectorsConfig.Params.Size;
                    return new CollectionOperationResponse { Result = true };
                case UpsertPoints upsert:
                    Assert.True(upsert.Wait);
                    foreach (PointStruct point in upsert.Points)
                    {
                        Points[point.Id.Uuid] = point;
                    }

                    return new PointsOperationResponse { Result = new UpdateResult { Status = UpdateStatus.Completed } };
                default:
                    throw new NotSupportedException(request?.ToString());
            }
        }
    }
}
