using Data2Vec.Audio;
using Data2Vec.Server.Answers;
using Data2Vec.Server.Limits;
using Data2Vec.Server.Models;
using Data2Vec.Server.Observability;
using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Endpoints;

/// <summary><c>/v1/audio/transcriptions</c>, as OpenAI has it.</summary>
internal sealed class TranscriptionsEndpoint(ModelCatalog catalog, BodyReader bodies, MediaReader media, Data2VecServerOptions options, ServerMetrics metrics) : IPostEndpoint
{
    private const string FileName = "file", Granularities = "timestamp_granularities[]", OtherGranularities = "timestamp_granularities";

    public static readonly string[] Fields = ["model", "response_format", Granularities, OtherGranularities, "language", "temperature", "prompt", "stream", "user"];

    public string Route => "/audio/transcriptions";

    public IReadOnlyList<string> FieldNames => [FileName, .. Fields];

    public async Task HandleAsync(HttpContext context)
    {
        MultipartForm form = await MultipartForm.ReadAsync(context, bodies, options.Limits, FileName, Fields).ConfigureAwait(false);
        (ServedModel served, SpeechModel model) = catalog.Get<SpeechModel>(form.Text("model") ?? throw RequestException.Bad("'model' is missing", "model"), "transcriptions");
        if (!model.CanTranscribe)
        {
            throw catalog.WrongTask(served, "transcriptions");
        }

        string format = form.Choice("response_format", "json", "text", "srt", "verbose_json", "vtt") ?? "json";
        (bool words, bool segments) = GranularitiesOf(form, format);
        string? language = form.Text("language");
        RefuseWishes(form);
        model.RequireRoom();
        byte[] file = await form.ContentAsync(context.RequestAborted).ConfigureAwait(false);
        Waveform recording = await media.RecordingAsync(file, FileName, model, context.RequestAborted).ConfigureAwait(false);
        Transcript transcript = await model.TranscribeWithTimesAsync(recording, new TranscribeOptions { Decoder = served.Decoder }, context.RequestAborted).ConfigureAwait(false);
        metrics.Answered(served.Id, 1, model.Config.Frames(recording.Samples.Length));
        await TranscriptAnswer.WriteAsync(context, transcript, format, language, words, segments).ConfigureAwait(false);
    }

    /// <summary>What a CTC model cannot do must not be passed over in silence. Its language is its own, and it has no temperature.</summary>
    private static void RefuseWishes(MultipartForm form)
    {
        if (!string.IsNullOrEmpty(form.Text("prompt")))
        {
            throw RequestException.Bad("'prompt' has no meaning for this kind of model; leave it out", "prompt");
        }

        if (form.Text("stream") is not (null or "false" or "False"))
        {
            throw RequestException.Bad("'stream' must be false; the answer comes as a whole", "stream");
        }

        if (form.Text("temperature") is { } temperature
            && !(double.TryParse(temperature, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is >= 0 and <= 1))
        {
            throw RequestException.Bad("'temperature' must be a number from 0 to 1", "temperature");
        }
    }

    private static (bool Words, bool Segments) GranularitiesOf(MultipartForm form, string format)
    {
        string[] wanted = [.. form.Texts(Granularities), .. form.Texts(OtherGranularities)];
        if (wanted.FirstOrDefault(value => value is not ("word" or "segment")) is { } unknown)
        {
            throw RequestException.Bad($"'{Granularities}' is '{RequestException.Shorten(unknown)}'; it can be word, segment", Granularities);
        }

        return wanted.Length > 0 && format != "verbose_json" ? throw RequestException.Bad($"'{Granularities}' needs the 'response_format' verbose_json", Granularities)
            : (wanted.Contains("word"), wanted.Length == 0 || wanted.Contains("segment"));
    }
}
