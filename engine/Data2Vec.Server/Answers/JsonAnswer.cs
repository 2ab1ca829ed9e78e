using System.IO.Pipelines;

namespace Data2Vec.Server.Answers;

/// <summary>Writes an answer in JSON as it is made, so that large ones are not in memory as a whole.</summary>
internal sealed class JsonAnswer : IAsyncDisposable
{
    private const int FlushBytes = 1 << 16;

    private readonly PipeWriter _pipe;
    private readonly CancellationToken _cancellation;

    public JsonAnswer(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        (_pipe, _cancellation) = (context.Response.BodyWriter, context.RequestAborted);
        Json = new Utf8JsonWriter(_pipe);
    }

    public Utf8JsonWriter Json { get; }

    /// <summary>Sends what was written, if that is much.</summary>
    public async ValueTask SendAsync()
    {
        if (Json.BytesPending + _pipe.UnflushedBytes >= FlushBytes)
        {
            Json.Flush();
            await _pipe.FlushAsync(_cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The rows that went through the model, as OpenAI's answers count tokens.</summary>
    public void Usage(long rows)
    {
        Json.WriteStartObject("usage");
        Json.WriteNumber("prompt_tokens", rows);
        Json.WriteNumber("total_tokens", rows);
        Json.WriteEndObject();
    }

    public async ValueTask DisposeAsync()
    {
        await Json.DisposeAsync().ConfigureAwait(false);
        await _pipe.FlushAsync(_cancellation).ConfigureAwait(false);
    }
}
