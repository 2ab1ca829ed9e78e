using System.Globalization;
using System.Net;
using Microsoft.Extensions.Hosting;
using Npgsql;
using StackExchange.Redis;

namespace Data2Vec.Cluster.Hosting;

/// <summary>Where the silos of a cluster find each other.</summary>
internal abstract class MemberStore
{
    private const string Defaults = "Timeout=5;";
    private const string NoCluster = "A cluster is local, postgresql:CONNECTION or redis:CONNECTION, for example postgresql:Host=db;Database=data2vec or redis:cache:6379.";

    /// <summary>Whether several processes can use it.</summary>
    public virtual bool IsShared => true;

    /// <summary>Throws <see cref="IOException"/> if the store does not answer, with the reason.</summary>
    public abstract Task PrepareAsync(CancellationToken cancellationToken);

    public abstract void Configure(ISiloBuilder silo, IPAddress address, int port);

    public static MemberStore Parse(string text)
    {
        string[] parts = text.Split(':', 2, StringSplitOptions.TrimEntries);
        try
        {
            return (parts[0].ToLowerInvariant(), parts.ElementAtOrDefault(1)) switch
            {
                ("local", null) => new Local(),
                ("postgresql" or "postgres", { Length: > 0 } connection) => new PostgreSql(ParsePostgreSql(connection)),
                ("redis", { Length: > 0 } connection) => new Redis(ParseRedis(connection)),

                // The text is not repeated: it may have a password.
                _ => throw new FormatException(NoCluster),
            };
        }
        catch (Exception e) when (e is ArgumentException or FormatException { Message: not NoCluster })
        {
            throw new FormatException($"The connection of the cluster after {parts[0]}: cannot be read. {e.Message}", e);
        }
    }

    internal static NpgsqlConnectionStringBuilder ParsePostgreSql(string connection)
    {
        if (!connection.StartsWith("//", StringComparison.Ordinal))
        {
            return new NpgsqlConnectionStringBuilder(Defaults + connection);
        }

        var uri = new Uri("postgresql:" + connection);
        (string? user, string? password) = Credentials(uri);
        string query = Uri.UnescapeDataString(uri.Query.TrimStart('?').Replace('&', ';'));
        var builder = new NpgsqlConnectionStringBuilder(Defaults + query)
        {
            Host = uri.Host,
            Username = user,
            Password = password,
            Database = uri.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(uri.AbsolutePath[1..]) : null,
        };
        if (uri.Port > 0)
        {
            builder.Port = uri.Port;
        }

        return builder;
    }

    private static ConfigurationOptions ParseRedis(string connection)
    {
        if (!connection.StartsWith("//", StringComparison.Ordinal))
        {
            return ConfigurationOptions.Parse(connection);
        }

        var uri = new Uri("redis:" + connection);
        (string? user, string? password) = Credentials(uri);
        return new ConfigurationOptions
        {
            EndPoints = { { uri.Host, uri.Port > 0 ? uri.Port : 6379 } },
            User = user,
            Password = password,
            DefaultDatabase = uri.AbsolutePath.Length > 1 ? int.Parse(uri.AbsolutePath[1..], CultureInfo.InvariantCulture) : null,
        };
    }

    private static (string? User, string? Password) Credentials(Uri uri)
    {
        string[] parts = uri.UserInfo.Split(':', 2);
        return (parts[0].Length > 0 ? Uri.UnescapeDataString(parts[0]) : null, parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : null);
    }

    private sealed class Local : MemberStore
    {
        public override bool IsShared => false;

        public override Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Configure(ISiloBuilder silo, IPAddress address, int port) => silo.UseDevelopmentClustering(new IPEndPoint(address, port));
    }

    private sealed class PostgreSql(NpgsqlConnectionStringBuilder connection) : MemberStore
    {
        public override async Task PrepareAsync(CancellationToken cancellationToken)
        {
            try
            {
                await PostgreSqlTables.CreateAsync(connection.ConnectionString, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
            {
                throw new IOException($"The cluster's PostgreSQL at {connection.Host}:{connection.Port}, database {connection.Database}, cannot be used: {e.Message}", e);
            }
        }

        public override void Configure(ISiloBuilder silo, IPAddress address, int port) => silo.UseAdoNetClustering(database =>
        {
            database.Invariant = "Npgsql";
            database.ConnectionString = connection.ConnectionString;
        });
    }

    private sealed class Redis(ConfigurationOptions connection) : MemberStore
    {
        public override async Task PrepareAsync(CancellationToken cancellationToken)
        {
            try
            {
                using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(connection).WaitAsync(cancellationToken).ConfigureAwait(false);
                await redis.GetDatabase().PingAsync().ConfigureAwait(false);
            }
            catch (RedisException e)
            {
                throw new IOException($"The cluster's Redis at {string.Join(", ", connection.EndPoints.Select(e => Format(e)))} cannot be used: {e.Message}", e);
            }
        }

        public override void Configure(ISiloBuilder silo, IPAddress address, int port)
            => silo.UseRedisClustering(redis => redis.ConfigurationOptions = connection);

        private static string Format(EndPoint endpoint) => endpoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : $"{endpoint}";
    }
}
