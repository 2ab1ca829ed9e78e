namespace Data2Vec.Memes;

/// <summary>
/// Scores memes ("Hate Speech in Pixels", arXiv 1910.02334). It is immutable and thread-safe, and a meme's score does not depend on the other
/// memes of its batch.
/// </summary>
public sealed class MemeClassifier : IDisposable
{
    /// <summary>Memes per batch, enough to keep the device busy.</summary>
    private const int BatchSize = 16;

    private readonly FusionNetwork _network;

    private MemeClassifier(D2vFile file, MemeOptions options)
    {
        if (file.Architecture != MemeConfig.Architecture)
        {
            throw new InvalidDataException($"a model with the architecture '{file.Architecture}', not a meme model");
        }

        Config = MemeConfig.FromJson(file.Config);
        Encoders = MemeEncoders.Load(file, Config, options);
        try
        {
            _network = FusionNetwork.Read(file, Encoders.FeatureSize, Config.Classifier.HiddenSize);
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

    /// <summary>Loads a model and verifies every byte of its file.</summary>
    /// <param name="path">A <c>.d2v</c> file with the architecture <see cref="MemeConfig.Architecture"/>.</param>
    /// <param name="options">The settings.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or holds another kind of model.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static MemeClassifier Load(string path, MemeOptions? options = null)
    {
        // The encoders keep the memory of the file alive.
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
    /// <param name="text">The text in it; null to read it from the image.</param>
    /// <param name="cancellationToken">Checked before each layer.</param>
    /// <inheritdoc cref="Score(IReadOnlyList{Meme}, CancellationToken)" path="/exception"/>
    public MemeScore Score(RgbImage image, string? text = null, CancellationToken cancellationToken = default) => Score([new Meme(image, text)], cancellationToken)[0];

    /// <summary>Scores memes.</summary>
    /// <param name="memes">The memes, with or without their texts.</param>
    /// <param name="cancellationToken">Checked before each meme and layer.</param>
    /// <exception cref="InvalidDataException">An image cannot be preprocessed.</exception>
    /// <exception cref="InvalidOperationException">A text is missing, and there is no text recognizer.</exception>
    /// <exception cref="ObjectDisposedException">The classifier was disposed.</exception>
    public IReadOnlyList<MemeScore> Score(IReadOnlyList<Meme> memes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(memes);
        return [.. memes.Chunk(BatchSize).SelectMany(part => ScoreEncoded(Encoders.Encode(part, cancellationToken)))];
    }

    /// <summary>Frees the model's memory.</summary>
    public void Dispose() => Encoders.Dispose();

    /// <summary>Scores encoded memes.</summary>
    /// <param name="features">The features of each meme, as <see cref="MemeEncoders.Encode"/> returns them.</param>
    /// <exception cref="ArgumentException">The number of features is not the encoders'.</exception>
    public float[] ScoreFeatures(IReadOnlyList<ReadOnlyMemory<float>> features) => _network.Score(features);

    internal IEnumerable<MemeScore> ScoreEncoded(IReadOnlyList<MemeFeatures> memes) => memes.Zip(
        ScoreFeatures([.. memes.Select(meme => meme.Values)]), (meme, score) => new MemeScore(score, Config.Classifier.Calibration?.Probability(score), meme.Text, meme.Words));
}
