using Data2Vec.Memes;
using Data2Vec.Memes.Ocr;
using Data2Vec.ModelFile;
using Data2Vec.Server.Limits;

namespace Data2Vec.Server.Models;

/// <summary>A model and its state.</summary>
/// <param name="id">The id that requests name.</param>
/// <param name="source">Where it comes from.</param>
/// <param name="options">The options of the server.</param>
internal sealed class ServedModel(string id, ModelSource source, Data2VecServerOptions options) : IDisposable
{
    private const int WarmUpRuns = 3, WarmUpTokens = 64;

    private SpeechDecoder? _decoder;
    private TesseractRecognizer? _recognizer;

    public string Id => id;

    public bool Normalize => source.Normalize;

    /// <summary>When the model was loaded.</summary>
    public DateTimeOffset Created { get; private set; }

    /// <summary>Whether requests can be answered.</summary>
    public bool IsReady { get; private set; }

    /// <summary>The encoder; null while loading, and for a meme model.</summary>
    public Data2VecModel? Encoder { get; private set; }

    /// <summary>The meme model; null while loading, and for other models.</summary>
    public MemeClassifier? Memes { get; private set; }

    /// <summary>Runs the meme model.</summary>
    public TurnQueue MemeTurns { get; } = new(options.MaxWait);

    /// <summary>Whether texts are read from images of memes.</summary>
    public bool ReadsImages => _recognizer is not null;

    /// <summary>Finds the words of a transcript; null for the most probable labels.</summary>
    public Audio.CtcDecoder? Decoder => _decoder?.Decoder;

    /// <summary>What can be asked of the model.</summary>
    public IEnumerable<string> Tasks => Memes is not null ? ["memes"]
        : Encoder is SpeechModel { CanTranscribe: true } ? ["embeddings", "similarity", "transcriptions"]
        : Encoder is TextModel ? Encoder.Labels is null ? ["embeddings", "similarity", "tokenize"] : ["embeddings", "similarity", "classify", "tokenize"]
        : Encoder is VisionModel { Labels: not null } ? ["embeddings", "similarity", "classify"]
        : ["embeddings", "similarity"];

    /// <summary>How long the model has been at its current batch.</summary>
    public TimeSpan BusyFor => Encoder?.BusyFor ?? MemeTurns.BusyFor;

    /// <summary>Loads the model and runs small inputs, so that the first request is not slower than others and the speed is known.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        if (source.Path is { } path && IsMeme(path))
        {
            _recognizer = Recognizer();
            Memes = MemeClassifier.Load(path, new MemeOptions { Backend = options.Backend, Threads = options.Threads, TextRecognizer = _recognizer });
        }
        else
        {
            var how = new ModelOptions { Backend = options.Backend, Threads = options.Threads, MaxWait = options.MaxWait, ImageSize = source.ImageSize };
            Encoder = source.Load is { } load ? load(how) : Data2VecModel.Load(source.Path!, how);
            _decoder = Encoder is SpeechModel { CanTranscribe: true } speech ? SpeechDecoder.Open(speech, source) : null;
            for (int i = 0; i < WarmUpRuns; i++)
            {
                await RunOnceAsync(Encoder, cancellation).ConfigureAwait(false);
            }
        }

        Created = DateTimeOffset.UtcNow;
        IsReady = true;
    }

    public void Dispose()
    {
        IsReady = false;
        Encoder?.Dispose();
        Memes?.Dispose();
        _decoder?.Dispose();
        _recognizer?.Dispose();
        MemeTurns.Dispose();
    }

    private static bool IsMeme(string path)
    {
        using D2vFile file = D2vFile.Open(path, verify: false);
        return file.Architecture == MemeConfig.Architecture;
    }

    private static Task RunOnceAsync(Data2VecModel model, CancellationToken cancellation) => model switch
    {
        SpeechModel speech => speech.EmbedPreparedAsync(new float[speech.SampleRate], cancellationToken: cancellation),
        VisionModel vision => vision.EmbedPreparedAsync(new float[vision.Preprocessing.OutputLength], cancellationToken: cancellation),
        TextModel text => text.EmbedPreparedAsync(
            Enumerable.Repeat(text.Config.PaddingId == 0 ? 1 : 0, Math.Min(WarmUpTokens, text.Config.MaxTokens)).ToArray(), cancellationToken: cancellation),
        _ => Task.CompletedTask,
    };

    // Without Tesseract, requests have to give the texts of memes.
    private TesseractRecognizer? Recognizer()
    {
        try
        {
            return new TesseractRecognizer(new OcrOptions { Languages = options.OcrLanguages });
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
