using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>Images with classes. The target of an item is the number of its class.</summary>
public sealed class LabelledImageData : TrainingData<float, int>
{
    private readonly List<(ImageSource Image, int Class)> _images = [];
    private readonly ImageOptions _options;

    private LabelledImageData(string path, List<ImageSource> images, ImageOptions options, IReadOnlyList<string>? classes, SkippedItems skipped)
    {
        _options = options;
        var names = ClassNames.Create(classes, images.Select(image => image.Label!));
        Classes = names.Names;
        foreach (ImageSource image in images)
        {
            if (names.Number(image.Label!) is >= 0 and var number)
            {
                _images.Add((image, number));
            }
            else
            {
                skipped.AddBad(image.Name, $"the class {image.Label.AsSpan().Quote()} is not one of the {Classes.Count} classes");
            }
        }

        Skipped = skipped.Finish(path, _images.Count);
    }

    /// <summary>The names of the classes in the order of their numbers.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public override int Count => _images.Count;

    /// <summary>Opens images with classes.</summary>
    /// <param name="path">
    /// A folder with a folder for each class, or a list: a path, a tab or comma, and a class in each line. The first line may have the names of the columns.
    /// </param>
    /// <param name="options">How images are read.</param>
    /// <param name="classes">The names of the classes in the order of their numbers; null for the names that are found, sorted.</param>
    /// <exception cref="InvalidDataException">There are no images, too many are bad, or one is and the reading is strict.</exception>
    /// <exception cref="IOException">The file or folder cannot be read.</exception>
    public static LabelledImageData Open(string path, ImageOptions options, IReadOnlyList<string>? classes = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        var skipped = new SkippedItems(options.Strict);
        List<ImageSource> images = Directory.Exists(path)
            ? ImageLists.ReadClassFolders(path, skipped)
            : ImageLists.ReadList(path, options, withLabels: true, skipped);
        return new LabelledImageData(path, images, options, classes, skipped);
    }

    /// <summary>Opens images whose classes were read elsewhere.</summary>
    internal static LabelledImageData Open(string path, List<ImageSource> images, ImageOptions options, IReadOnlyList<string> classes, SkippedItems skipped) =>
        new(path, images, options, classes, skipped);

    /// <inheritdoc/>
    public override string Name(int item) => _images[item].Image.Name;

    /// <inheritdoc/>
    public override int Length(int item) => 1;

    /// <summary>The number of an item's class.</summary>
    public int Target(int item) => _images[item].Class;

    private protected override void AppendFingerprint(int item, FingerprintCrc crc)
    {
        crc.Append(_images[item].Image.Key);
        crc.Append(_images[item].Class);
    }

    /// <inheritdoc/>
    protected override TrainingItem<float, int> LoadItem(int item, EpochRandom random) =>
        new(item, _images[item].Image.Load(item, random, _options), _images[item].Class);
}
