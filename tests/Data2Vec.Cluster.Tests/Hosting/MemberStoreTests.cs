using Data2Vec.Cluster.Hosting;
using Data2Vec.Cluster.Tests.Processes;
using Npgsql;

namespace Data2Vec.Cluster.Tests.Hosting;

public sealed class MemberStoreTests(PostgreSqlServer database) : IClassFixture<PostgreSqlServer>
{
    [Theory]
    [InlineData("")]
    [InlineData("mysql:Host=db")]
    [InlineData("postgresql")]
    [InlineData("postgresql:")]
    [InlineData("redis:")]
    [InlineData("local:1")]
    [InlineData("Host=db;Password=secret:1")]
    public void What_is_no_cluster_is_refused_with_the_forms(string text)
    {
        var error = Assert.Throws<FormatException>(() => MemberStore.Parse(text));
        Assert.Contains("postgresql:CONNECTION", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgresql:Hots=db")]
    [InlineData("postgresql:Host=db;Port=many")]
    [InlineData("redis:cache,unknown=1")]
    [InlineData("postgresql://db:port/x")]
    [InlineData("redis://cache/first")]
    public void A_connection_that_cannot_be_read_is_named(string text)
        => Assert.Contains("cannot be read", Assert.Throws<FormatException>(() => MemberStore.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("local", false)]
    [InlineData("PostgreSQL: Host=db;Database=x", true)]
    [InlineData("redis:cache:6379,password=p", true)]
    public void Knows_the_forms(string text, bool isShared) => Assert.Equal(isShared, MemberStore.Parse(text).IsShared);

    [Theory]
    [InlineData("//me:p%40ss@db:5433/data?SSL%20Mode=Require", "Host=db;Port=5433;Username=me;Password=p@ss;Database=data;SSL Mode=Require;Timeout=5")]
    [InlineData("//db", "Host=db;Timeout=5")]
    [InlineData("Host=db;Timeout=60", "Host=db;Timeout=60")]
    public void Knows_connections_as_addresses(string text, string expected)
        => Assert.True(MemberStore.ParsePostgreSql(text).EquivalentTo(new NpgsqlConnectionStringBuilder(expected)), MemberStore.ParsePostgreSql(text).ToString());

    [Fact]
    public async Task Tables_are_created_by_many_at_once_and_left_alone_afterwards()
    {
        database.Start();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostgreSqlTables.CreateAsync(database.ConnectionString, default)));
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        Assert.Equal(9L, await source.CreateCommand("SELECT count(*) FROM OrleansQuery").ExecuteScalarAsync());

        // Who may not create tables can use those that exist.
        await source.CreateCommand("CREATE ROLE guest LOGIN; GRANT SELECT ON OrleansQuery TO guest").ExecuteNonQueryAsync();
        await PostgreSqlTables.CreateAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "guest" }.ConnectionString, default);
    }
}
