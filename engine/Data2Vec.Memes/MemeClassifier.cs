using Data2Vec.Memes.Fusion;
using Data2Vec.ModelFile;
using Data2Vec.Vision.Images;

namespace Data2Vec.Memes;

/// <summary>
/// Scores memes ("Hate Speech in Pixels", arXiv 1910.02334). It never changes: any number of threads may use it at once, and the same meme gives
/// the same score whatever runs beside it.
/// </summary>
public sealed class MemeClassifier : IDisposable
{
    /// <summary>Memes at once: as many as keep the device busy.</summary>
    private const int MemesAtOnce = 16;

    private readonly FusionNetwork _network;

    private MemeClassifier(D2vFile file, MemeOptions options)
    {
        if (file.Architecture != MemeConfig.Architecture)
        {
            throw new InvalidDataException($"it is a model of the kind '{file.Architecture}', not one that scores memes");
        }

        Config = MemeConfig.FromJson(file.Config);
        Encoders = MemeEncoders.Load(file, Config, options);
        try
        {
            _network = FusionNetwork.Read(file, Encoders.FeatureSize, Config.HiddenSize);
        }
        catch
        {
            Encoders.Dispose();
            throw;
        }
    }

    /// <summary>The structure of the model.</summary>
    public MemeConfig Config { get; }

    /// <summary>The encoders of the model.</summary>
    public MemeEncoders Encoders { get; }

    /// <summary>Loads a model; every byte of it is checked.</summary>
    /// <param name="path">A <c>.d2v</c> file of the architecture <see cref="MemeConfig.Architecture"/>.</param>
    /// <param name="options">How to load it.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or another kind of model.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static MemeClassifier Load(string path, MemeOptions? options = null)
    {
        // The encoders share the memory of the file, which is theirs in the end.
        using D2vFile file = D2vFile.Open(path);
        try
        {
            return new MemeClassifier(file, options ?? new MemeOptions());
        }
        catch (InvalidDataException problem) when (!problem.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>Scores one meme.</summary>
    /// <param name="image">The image.</param>
    /// <param name="text">The text in it; null to have it read, where the model judges texts.</param>
    /// <param name="cancellationToken">Looked at before each layer.</param>
    /// <inheritdoc cref="Score(IReadOnlyList{Meme}, CancellationToken)" path="/exception"/>
    public MemeScore Score(RgbImage image, string? text = null, CancellationToken cancellationToken = default) => Score([new Meme(image, text)], cancellationToken)[0];

    /// <summary>Scores memes.</summary>
    /// <param name="memes">The memes, with or without their texts.</param>
    /// <param name="cancellationToken">Looked at before each meme and layer.</param>
    /// <exception cref="InvalidDataException">An image cannot be prepared.</exception>
    /// <exception cref="InvalidOperationException">A text is missing, and there is no recognizer.</exception>
    /// <exception cref="ObjectDisposedException">The classifier was disposed.</exception>
    public IReadOnlyList<MemeScore> Score(IReadOnlyList<Meme> memes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(memes);
        return [.. memes.Chunk(MemesAtOnce).SelectMany(part => Judge(Encoders.Encode(part, cancellationToken)))];
    }

    /// <summary>Frees the model's memory.</summary>
    public void Dispose() => Encoders.Dispose();

    /// <summary>The scores of features.</summary>
    internal float[] Scores(IReadOnlyList<ReadOnlyMemory<float>> features) => _network.Score(features);

    /// <summary>The scores of memes that are encoded.</summary>
    internal IEnumerable<MemeScore> Judge(IReadOnlyList<MemeFeatures> memes) => memes.Zip(
        Scores([.. memes.Select(meme => meme.Values)]), (meme, score) => new MemeScore(score, Config.Calibration?.Probability(score), meme.Text, meme.Words));
}
