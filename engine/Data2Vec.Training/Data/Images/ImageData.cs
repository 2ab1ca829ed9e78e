namespace Data2Vec.Training.Data;

/// <summary>Images without labels, for pretraining.</summary>
public sealed class ImageData : TrainingData<float, NoTarget>
{
    private readonly List<ImageSource> _images;
    private readonly ImageOptions _options;

    private ImageData(string path, ImageOptions options)
    {
        var skipped = new SkippedItems(options.Strict);
        _images = Directory.Exists(path) ? ImageLists.ReadFolder(path, skipped) : ImageLists.ReadList(path, options, withLabels: false, skipped);
        (_options, Skipped) = (options, skipped.Finish(path, _images.Count));
    }

    /// <inheritdoc/>
    public override int Count => _images.Count;

    /// <summary>Opens images.</summary>
    /// <param name="path">A folder, which is searched with the folders in it, or a list with a path in each line.</param>
    /// <param name="options">How images are read.</param>
    /// <exception cref="InvalidDataException">There are no images, too many are missing, or one is and the reading is strict.</exception>
    /// <exception cref="IOException">The file or folder cannot be read.</exception>
    public static ImageData Open(string path, ImageOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        return new ImageData(path, options);
    }

    /// <inheritdoc/>
    public override string Name(int item) => _images[item].Name;

    /// <inheritdoc/>
    public override int Length(int item) => 1;

    private protected override void AppendFingerprint(int item, FingerprintCrc crc) => crc.Append(_images[item].Key);

    /// <inheritdoc/>
    protected override TrainingItem<float, NoTarget> LoadItem(int item, EpochRandom random) =>
        new(item, _images[item].Load(item, random, _options), default);
}
