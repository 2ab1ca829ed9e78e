using System.IO.Pipelines;
using System.Text.Encodings.Web;

namespace Data2Vec.Server.Answers;

/// <summary>Writes an answer in JSON as it is made, so that large ones are not in memory as a whole.</summary>
internal sealed class JsonAnswer : IAsyncDisposable
{
    private const int FlushBytes = 1 << 16;

    // Answers are never part of a page, and people read them: quotation marks and other letters stay as they are.
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly PipeWriter _pipe;
    private readonly CancellationToken _cancellation;

    public JsonAnswer(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        (_pipe, _cancellation) = (context.Response.BodyWriter, context.RequestAborted);
        Json = new Utf8JsonWriter(_pipe, s_options);
    }

    public Utf8JsonWriter Json { get; }

    /// <summary>Answers with a list in OpenAI's shape.</summary>
    /// <param name="context">The request.</param>
    /// <param name="model">The id of the model.</param>
    /// <param name="count">The number of items.</param>
    /// <param name="write">Writes the fields of an item.</param>
    /// <param name="rows">The rows that went through the model, which OpenAI's answers call tokens; null to leave them out.</param>
    public static async Task WriteListAsync(HttpContext context, string model, int count, Action<Utf8JsonWriter, int> write, long? rows = null)
    {
        await using var answer = new JsonAnswer(context);
        Utf8JsonWriter json = answer.Json;
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (int i = 0; i < count; i++)
        {
            json.WriteStartObject();
            write(json, i);
            json.WriteEndObject();
            await answer.SendAsync().ConfigureAwait(false);
        }

        json.WriteEndArray();
        json.WriteString("model", model);
        if (rows is { } tokens)
        {
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", tokens);
            json.WriteNumber("total_tokens", tokens);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>Sends what was written, if that is much.</summary>
    private async ValueTask SendAsync()
    {
        if (Json.BytesPending + _pipe.UnflushedBytes >= FlushBytes)
        {
            Json.Flush();
            await _pipe.FlushAsync(_cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Json.DisposeAsync().ConfigureAwait(false);
        await _pipe.FlushAsync(_cancellation).ConfigureAwait(false);
    }
}
