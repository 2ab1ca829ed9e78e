using Data2Vec.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Data2Vec.Cli;

/// <summary><c>data2vec serve</c>: serves models over HTTP.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    private const string DefaultUrl = "http://localhost:8080";

    /// <summary>The keys of the configuration that say where a server listens.</summary>
    private static readonly string[] s_addresses = ["urls", "http_ports", "https_ports"];

    public static Command Create()
    {
        var command = new Command(Name, "Serve models over HTTP, with OpenAI's interfaces for embeddings and transcriptions");
        ServeArguments arguments = ServeArguments.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using Device device = arguments.Device.Open(parsed);
            WebApplication application;
            try
            {
                application = Build(parsed, arguments, device);
            }
            catch (InvalidOperationException problem)
            {
                throw new InvalidDataException(problem.Message, problem);
            }

            await using (application)
            {
                var state = application.Services.GetRequiredService<ServerState>();
                try
                {
                    await (arguments.IsCheck(parsed) ? CheckAsync(parsed, application, cancellation) : application.RunAsync(cancellation)).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (state.Started.IsFaulted)
                {
                    // A model cannot be loaded, which the application learned while it started.
                }

                if (state.Started.IsFaulted)
                {
                    await state.Started.ConfigureAwait(false);
                }

                return 0;
            }
        });
        return command;
    }

    private static async Task CheckAsync(ParseResult parsed, WebApplication application, CancellationToken cancellation)
    {
        await application.StartAsync(cancellation).ConfigureAwait(false);
        await application.Services.GetRequiredService<ServerState>().Started.WaitAsync(cancellation).ConfigureAwait(false);
        await application.StopAsync(cancellation).ConfigureAwait(false);
        foreach (string id in application.Services.GetRequiredService<Data2VecServerOptions>().Models.Keys)
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(id).ConfigureAwait(false);
        }
    }

    private static WebApplication Build(ParseResult parsed, ServeArguments arguments, Device device)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        ConfigurationManager configuration = builder.Configuration;
        configuration.Sources.Clear(); // settings in the current folder are those of other programs
        if (arguments.Configuration(parsed) is { } file)
        {
            try
            {
                configuration.AddJsonFile(Path.GetFullPath(Files.RequireFile(file)), optional: false, reloadOnChange: false);
            }
            catch (InvalidDataException problem)
            {
                throw new InvalidDataException($"{file}: this is not a configuration in JSON: {problem.GetBaseException().Message}", problem);
            }
        }

        configuration.AddEnvironmentVariables("ASPNETCORE_").AddEnvironmentVariables();
        string[] urls = arguments.Urls(parsed);
        if (arguments.IsCheck(parsed))
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else if (urls.Length > 0 || (s_addresses.All(key => configuration[key] is null) && !configuration.GetSection("Kestrel:Endpoints").Exists()))
        {
            builder.WebHost.UseUrls(urls.Length > 0 ? urls : [DefaultUrl]);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .SetMinimumLevel(arguments.IsCheck(parsed) ? LogLevel.None : LogLevel.Information)
            .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddData2VecServer(configuration.GetSection(Data2VecServerOptions.Section), options => arguments.Apply(parsed, options, device));
        WebApplication application = builder.Build();
        application.MapData2Vec();
        return application;
    }
}
