using Data2Vec.Audio;
using Data2Vec.IO;
using Data2Vec.Text;

namespace Data2Vec.Cli.Inputs;

/// <summary>A recording: a WAV file, or the model's very input in a <c>.npy</c> file, which is not to be normalized.</summary>
internal sealed class RecordingInput : ModelInput
{
    private readonly Waveform? _recording;
    private readonly float[] _samples;

    private RecordingInput(string path, Waveform? recording, float[] samples)
        : base(InputKind.Speech, [path]) => (_recording, _samples) = (recording, samples);

    /// <exception cref="InvalidDataException">It is no recording; the message names the file.</exception>
    public static RecordingInput Load(string path) => new(path, WavFile.Load(path), []);

    /// <summary>Samples as the model takes them.</summary>
    public static RecordingInput Of(string path, NpyArray samples) => new(path, null, samples.Floats());

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options) =>
        [Run(() => _recording is null ? ((SpeechModel)model).EmbedPrepared(_samples, options) : ((SpeechModel)model).Embed(_recording, options))];

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options) => Run(
        () => _recording is null ? ((SpeechModel)model).EmbedPreparedLayers(_samples, options) : ((SpeechModel)model).EmbedLayers(_recording, options));

    public override LabelProbability[][] Classify(Data2VecModel model, LongTextPolicy longTexts) =>
        throw new NotSupportedException("speech models have no labels to tell apart; transcribe writes down what is spoken");

    public string Transcribe(Data2VecModel model) => Run(
        () => _recording is null ? ((SpeechModel)model).TranscribePrepared(_samples) : ((SpeechModel)model).Transcribe(_recording));

    private static T Run<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (ArgumentException error) when (error is not ArgumentOutOfRangeException)
        {
            throw new InvalidDataException(error.Message, error);
        }
    }
}
