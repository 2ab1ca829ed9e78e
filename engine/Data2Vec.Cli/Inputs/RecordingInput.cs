using Data2Vec.Audio;

namespace Data2Vec.Cli;

/// <summary>A recording that is read while it goes through a model, so that its length does not matter for memory.</summary>
internal sealed class RecordingInput(string name, Stream stream, AudioReadOptions options) : ModelInput(InputForm.Recording, [name])
{
    /// <summary>Receives the share of the recording that is done.</summary>
    public Action<double>? Report { get; set; }

    /// <summary>The recording, which is read once.</summary>
    public AudioSource Source => new ReportingSource(AudioSource.FromStream(stream, options), () =>
    {
        if (stream.CanSeek && stream.Length > 0)
        {
            Report?.Invoke((double)stream.Position / stream.Length);
        }
    });

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions embedding, CancellationToken cancellation) =>
        [((SpeechModel)model).Embed(Source, embedding, cancellation)];

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions embedding, CancellationToken cancellation) =>
        ((SpeechModel)model).EmbedLayers(Source, embedding, cancellation);

    public override LabelProbability[][] Classify(Data2VecModel model, ClassificationOptions classification, CancellationToken cancellation) =>
        throw new NotSupportedException($"models of {model.Modality.Inputs()} have no labels; use transcribe");

    private sealed class ReportingSource(AudioSource source, Action report) : AudioSource
    {
        public override void Read(AudioBlockReceiver receive) => source.Read((samples, rate) =>
        {
            receive(samples, rate);
            report();
        });
    }
}
