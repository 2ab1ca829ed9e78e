namespace Data2Vec.Cli.Tests;

public sealed class CorpusClusterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-cluster-").FullName;

    public CorpusClusterTests() => File.WriteAllLines(InFolder("reviews.txt"), Enumerable.Range(0, 25).Select(i => $"review {i}"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_cluster_of_one_writes_the_same_bytes_as_a_run_without()
    {
        (int code, _, string error) = Run("alone");
        Assert.True(code == 0, error);
        (code, _, error) = Run("cluster", "--cluster", "local");
        Assert.True(code == 0, error);
        Assert.Contains("25 of 25 inputs are done", error, StringComparison.Ordinal);
        string[] shards = [.. Directory.GetFiles(InFolder("alone"), "*.parquet").Select(file => Path.GetFileName(file))];
        Assert.Equal(3, shards.Length);
        Assert.All(shards, shard => Assert.Equal(File.ReadAllBytes(InFolder("alone", shard)), File.ReadAllBytes(InFolder("cluster", shard))));
    }

    [Theory]
    [InlineData("postgresql://127.0.0.1:1/corpora", "The cluster's PostgreSQL at 127.0.0.1:1, database corpora, cannot be used")]
    [InlineData("redis:127.0.0.1:1", "The cluster's Redis at 127.0.0.1:1 cannot be used")]
    public void A_cluster_that_cannot_be_reached_is_an_error(string members, string message)
    {
        (int code, _, string error) = Run("out", "--cluster", members);
        Assert.Equal(1, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cluster-id needs --cluster", "--cluster-id", "corpora")]
    [InlineData("--stall-minutes needs --cluster", "--stall-minutes", "5")]
    [InlineData("leave out --part or --cluster", "--cluster", "local", "--part", "0/2")]
    [InlineData("--cluster: A cluster is local, postgresql:CONNECTION or redis:CONNECTION", "--cluster", "mysql:db")]
    [InlineData("not an IP address", "--cluster", "local", "--cluster-address", "node-7")]
    [InlineData("--stall-minutes must be a number of minutes", "--cluster", "local", "--stall-minutes", "0")]
    public void Options_that_do_not_fit_are_refused(string message, params string[] options)
    {
        (int code, _, string error) = Run("out", options);
        Assert.Equal(2, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) Run(string folder, params string[] options)
        => CommandLine.Run(["corpus", "run", InFolder("reviews.txt"), "-o", InFolder(folder), "--shard-rows", "10", .. options]);

    private string InFolder(params string[] names) => Path.Combine([_folder, .. names]);
}
