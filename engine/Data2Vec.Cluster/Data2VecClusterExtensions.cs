using System.Net;
using System.Net.Sockets;
using Data2Vec.Cluster.Hosting;
using Data2Vec.Cluster.Serving;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Data2Vec.Cluster;

/// <summary>Makes a host a part of a cluster.</summary>
public static class Data2VecClusterExtensions
{
    /// <summary>
    /// Adds a silo of Microsoft Orleans to the host. Its start fails if the database of the cluster does not answer. Add it before the services that use the
    /// cluster: hosted services start in the order in which they were added.
    /// </summary>
    /// <param name="builder">The builder of the host.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="FormatException"><see cref="Data2VecClusterOptions.Members"/> is none of its forms.</exception>
    public static IHostApplicationBuilder AddData2VecCluster(this IHostApplicationBuilder builder, Action<Data2VecClusterOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new Data2VecClusterOptions();
        configure(options);
        var store = MemberStore.Parse(options.Members);
        builder.Services.AddSingleton(options);
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<MemberStoreCheck>(services, store));
        return builder.UseOrleans(silo => Configure(silo, options, store));
    }

    private static void Configure(ISiloBuilder silo, Data2VecClusterOptions options, MemberStore store)
    {
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.ClusterId, options.ServiceId));
        IPAddress? address = options.Address ?? (store.IsShared ? null : IPAddress.Loopback);
        int port = options.Port ?? FindFreePort();
        silo.ConfigureEndpoints(port, gatewayPort: 0); // all callers are silos
        silo.Configure<EndpointOptions>(endpoints => endpoints.AdvertisedIPAddress = address ?? endpoints.AdvertisedIPAddress);
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = options.ProbePeriod;
            membership.MinProbeTimeout = options.ProbePeriod;
            membership.MaxProbeTimeout = 2 * options.ProbePeriod;
            membership.NumMissedProbesLimit = 3;

            // If all silos are killed, those that start in their place soon see that the old ones no longer write.
            membership.IAmAliveTablePublishTimeout = 0.5 * options.ProbePeriod;
            membership.NumMissedTableIAmAliveLimit = 3;
            membership.TableRefreshTimeout = 2.5 * options.ProbePeriod;
        });
        silo.Services.AddPlacementFilter<NodesWithModel, NodesWithModelDirector>(ServiceLifetime.Singleton);
        if (options.Models is { } models)
        {
#pragma warning disable ORLEANSEXP004 // as in NodesWithModelDirector
            silo.UseSiloMetadata(NodesWithModelDirector.Describe(models));
#pragma warning restore ORLEANSEXP004
            silo.Services.AddSingleton(services => new ClusterModels(services.GetRequiredService<IGrainFactory>()));
        }

        store.Configure(silo, address ?? IPAddress.Loopback, port);
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
