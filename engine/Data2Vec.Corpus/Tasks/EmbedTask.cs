using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Vision.Images;

namespace Data2Vec.Corpus;

/// <summary>A vector for each input: the column <c>vector</c>.</summary>
public sealed record EmbedTask : CorpusTask
{
    /// <summary>A task with the model's own vectors.</summary>
    /// <param name="modelPath">The model file.</param>
    public EmbedTask(string modelPath)
        : base(modelPath)
    {
    }

    /// <summary>Which vectors are computed. They are pooled.</summary>
    public EmbeddingOptions Options { get; init; } = new();

    /// <summary>The input size of a vision transformer, see <see cref="ModelOptions.ImageSize"/>.</summary>
    public int? ImageSize { get; init; }

    internal override string Name => "embed";

    internal override void AddTo(JsonObject options) => TaskOptions.Add(options, Options, ImageSize);

    internal override TaskRunner Load(D2vFile model, WorkerOptions options)
    {
        if (Options.Pooling == Pooling.None)
        {
            throw new ArgumentException("A corpus has one vector for each input; choose a pooling.");
        }

        Data2VecModel loaded = Data2VecModel.Load(model, options.ForModel(ImageSize));
        return loaded switch
        {
            SpeechModel speech => new SpeechRunner(speech, Options),
            TextModel text => new EmbedRunner<string, int>(text, Options, input => input.Text!, sizeof(int)),
            VisionModel vision => new EmbedRunner<RgbImage, float>(vision, Options, input => input.Image!, sizeof(float)),
            var other => throw new InvalidDataException($"{model.Path}: a {other.Architecture} model cannot embed"),
        };
    }

    /// <summary>Vectors of recordings. Long ones are read while they go through the model.</summary>
    private sealed class SpeechRunner(SpeechModel model, EmbeddingOptions options) : EmbedRunner<Waveform, float>(model, options, input => input.Recording!, sizeof(float))
    {
        public override object?[] Run(StreamedRecording recording, CancellationToken cancellation) => [model.Embed(recording, Options, cancellation)];
    }
}
