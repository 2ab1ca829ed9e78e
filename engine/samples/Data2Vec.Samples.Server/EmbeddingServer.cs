using System.Runtime.InteropServices;
using System.Text.Json;
using Data2Vec.Extensions.AI;
using Microsoft.Extensions.AI;

namespace Data2Vec.Samples.Server;

/// <summary>
/// An embedding server: <c>/v1/embeddings</c>, <c>/v1/models</c>, <c>/health</c>. The meter of Microsoft.Extensions.AI records durations and
/// tokens for any OpenTelemetry exporter.
/// </summary>
public static class EmbeddingServer
{
    private const long MaxBytes = 4 << 20;

    /// <summary>Creates the server.</summary>
    /// <param name="args"><c>--model FILE</c> (default: the bundled text model), and options of ASP.NET Core such as <c>--urls</c>.</param>
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        var model = builder.Configuration["model"] is { } path
            ? new LazyModel(path)
            : new LazyModel("text", () => Task.FromResult(BundledModels.Load("text")));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxBytes);
        builder.Services.AddData2VecEmbeddings(model, new EmbeddingOptions { Normalize = true }).UseOpenTelemetry();
        builder.Services.AddData2VecWarmUp();
        builder.Services.AddHealthChecks().AddData2Vec();
        WebApplication app = builder.Build();
        app.MapHealthChecks("/health");
        app.MapGet("/v1/models", () => new { @object = "list", data = new[] { new { id = model.ModelId, @object = "model", owned_by = "data2vec" } } });
        app.MapPost("/v1/embeddings", (HttpRequest request, IEmbeddingGenerator<string, Embedding<float>> generator, CancellationToken cancellation) =>
            AnswerAsync(request, generator, model, cancellation));
        return app;
    }

    private static async Task<IResult> AnswerAsync(
        HttpRequest http, IEmbeddingGenerator<string, Embedding<float>> generator, LazyModel model, CancellationToken cancellation)
    {
        if (!http.HasJsonContentType())
        {
            return Error(415, "the content type of the request must be application/json", "invalid_request");
        }

        try
        {
            EmbeddingRequest request = await http.ReadFromJsonAsync<EmbeddingRequest>(cancellation) ?? throw new ArgumentException("the request is null");
            if (request.Model != model.ModelId)
            {
                return request.Model is null
                    ? Error(400, $"'model' is missing; this server has '{model.ModelId}'", "invalid_request")
                    : Error(404, $"there is no model '{request.Model}'; this server has '{model.ModelId}'", "model_not_found");
            }

            bool base64 = request.EncodingFormat switch
            {
                null or "float" => false,
                "base64" => true,
                var other => throw new ArgumentException($"'encoding_format' is '{other}'; it can be float or base64"),
            };
            (ReadOnlyMemory<float>[] vectors, long tokens) = await EmbedAsync(request, generator, cancellation);
            return Results.Ok(new
            {
                @object = "list",
                data = vectors.Select((vector, index) => new { @object = "embedding", index, embedding = base64 ? (object)Base64(vector) : vector }),
                model = model.ModelId,
                usage = new { prompt_tokens = tokens, total_tokens = tokens },
            });
        }
        catch (QueueFullException error)
        {
            return Error(429, error.Message, "rate_limit_exceeded");
        }
        catch (BadHttpRequestException error)
        {
            return Error(error.StatusCode, error.Message, "invalid_request");
        }
        catch (Exception error) when (error is ArgumentException or InvalidDataException or JsonException
            or (InvalidOperationException and not ObjectDisposedException))
        {
            return Error(400, error.Message, "invalid_request");
        }
    }

    private static async Task<(ReadOnlyMemory<float>[] Vectors, long Tokens)> EmbedAsync(
        EmbeddingRequest request, IEmbeddingGenerator<string, Embedding<float>> generator, CancellationToken cancellation)
    {
        if (request.Texts() is { } texts)
        {
            GeneratedEmbeddings<Embedding<float>> embeddings =
                await generator.GenerateAsync(texts, new EmbeddingGenerationOptions { Dimensions = request.Dimensions }, cancellation);
            return ([.. embeddings.Select(embedding => embedding.Vector)], embeddings.Usage!.InputTokenCount!.Value);
        }

        ReadOnlyMemory<int>[] tokens = request.Tokens();
        TextModel model = generator.GetRequiredService<TextModel>();
        if (request.Dimensions is { } dimensions && dimensions != model.EmbeddingSize)
        {
            throw new ArgumentException($"the model's vectors have {model.EmbeddingSize} dimensions, not {dimensions}");
        }

        float[][] vectors = await model.EmbedPreparedAsync(tokens, new EmbeddingOptions { Normalize = true }, cancellation);
        return ([.. vectors.Select(vector => (ReadOnlyMemory<float>)vector)], tokens.Sum(ids => (long)ids.Length));
    }

    private static string Base64(ReadOnlyMemory<float> vector) => Convert.ToBase64String(MemoryMarshal.AsBytes(vector.Span));

    private static IResult Error(int status, string message, string code) =>
        Results.Json(new { error = new { message, type = "invalid_request_error", code } }, statusCode: status);
}
