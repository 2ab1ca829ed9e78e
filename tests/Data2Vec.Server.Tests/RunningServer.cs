using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Data2Vec.Server.Tests;

/// <summary>The server on a free port, with the bundled models, and a client of it.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    private readonly RecordingLogs _logs;

    private RunningServer(WebApplication application, RecordingLogs logs) => (Application, _logs) = (application, logs);

    public WebApplication Application { get; }

    public HttpClient Http { get; } = new(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(60) }) { Timeout = TimeSpan.FromMinutes(2) };

    /// <summary>All that was logged, at every level.</summary>
    public string Log => string.Join('\n', _logs.Lines);

    public static async Task<RunningServer> StartAsync(Action<Data2VecServerOptions>? configure = null, string[]? models = null, bool waits = true, Action<WebApplicationBuilder>? build = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        build?.Invoke(builder);
        builder.Services.AddData2VecServer(builder.Configuration.GetSection(Data2VecServerOptions.Section), options =>
        {
            foreach (string name in models ?? ["text"])
            {
                options.Models[name] = new ModelSource { Load = how => BundledModels.Load(name, how) };
            }

            options.StopDelay = TimeSpan.Zero;
            configure?.Invoke(options);
        });
        var logs = new RecordingLogs();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(logs);
        WebApplication application = builder.Build();
        application.MapData2Vec();
        var server = new RunningServer(application, logs);
        await application.StartAsync();
        server.Http.BaseAddress = new Uri(application.Urls.Single());
        if (waits)
        {
            await server.ReadyAsync();
        }

        return server;
    }

    public async Task ReadyAsync()
    {
        for (int i = 0; i < 1200; i++)
        {
            using HttpResponseMessage answer = await Http.GetAsync(new Uri("readyz", UriKind.Relative));
            if (answer.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(50);
        }

        Assert.Fail("the server did not become ready: " + Log);
    }

    public Task<HttpResponseMessage> PostAsync(string route, string json, CancellationToken cancellation = default) =>
        Http.PostAsync(new Uri(route, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"), cancellation);

    /// <summary>The JSON of an answer that must be 200.</summary>
    public async Task<JsonElement> AskAsync(string route, object request) => await OkAsync(await PostAsync(route, JsonSerializer.Serialize(request)));

    public async Task<JsonElement> GetAsync(string route) => await OkAsync(await Http.GetAsync(new Uri(route, UriKind.Relative)));

    /// <summary>The error of an answer, after a check of its shape.</summary>
    public static async Task<JsonElement> ErrorAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{(int)response.StatusCode} {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        JsonElement error = JsonDocument.Parse(body).RootElement.GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
        return error;
    }

    public static async Task<JsonElement> OkAsync(HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    /// <summary>A multipart request with a recording.</summary>
    public static MultipartFormDataContent Form(byte[] file, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        var content = new ByteArrayContent(file);
        content.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
        form.Add(content, "file", "recording.wav");
        foreach ((string name, string value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        return form;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Application.DisposeAsync();
    }

    private sealed class RecordingLogs : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
