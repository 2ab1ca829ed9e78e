using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>Opens images whose classes a model knows.</summary>
/// <param name="model">The model as it was given.</param>
/// <param name="outputs">The names of its outputs.</param>
/// <param name="options">How images are read.</param>
internal sealed class ImageClasses(string model, IReadOnlyList<string> outputs, ImageOptions options)
{
    private const int MostNamed = 5;

    /// <summary>Opens a folder with a folder for each class, or a list with a path and a class in each line.</summary>
    public LabelledImageData Open(string path)
    {
        if (Directory.Exists(path))
        {
            string[] folders = [.. FolderFiles.Folders(path).Select(folder => Path.GetFileName(folder))];
            if (folders.Length == 0 && FolderFiles.Files(path, FolderFiles.IsImage).Any(image => ImagenetSynsets.Number(image) > 0))
            {
                throw new UsageException($"{path}: the images are not in folders of their classes; give --synsets, a list of their classes");
            }

            return LabelledImageData.Open(path, options, NamesFor(folders, "folder"));
        }

        List<ImageSource> images = ImageLists.ReadList(path, options, withLabels: true, new SkippedItems(strict: false));
        return LabelledImageData.Open(path, options, NamesFor([.. images.Select(image => image.Label!).Distinct(StringComparer.Ordinal)], "class"));
    }

    /// <summary>Opens a folder of ImageNet's validation images, whose classes are in a list.</summary>
    public LabelledImageData Open(string folder, string list)
    {
        IReadOnlyDictionary<int, string> classes = ImagenetSynsets.ReadList(list);
        var skipped = new SkippedItems(options.Strict);
        var images = new List<ImageSource>();
        foreach (string path in FolderFiles.Find(folder, FolderFiles.IsImage, skipped))
        {
            if (classes.TryGetValue(ImagenetSynsets.Number(path), out string? id))
            {
                images.Add(new ImageSource(path, FolderFiles.Key(folder, path), path, id));
            }
            else
            {
                skipped.AddBad(path, ImagenetSynsets.Number(path) == 0 ? "the name does not end with the number of an image, such as ILSVRC2012_val_00000001" : $"{list} has no class for it");
            }
        }

        return images.Count == 0
            ? throw new InvalidDataException($"{folder}: there are no images in it that {list} has classes for")
            : LabelledImageData.Open(folder, images, options, NamesFor([.. classes.Values.Distinct(StringComparer.Ordinal)], "class"), skipped);
    }

    /// <summary>The names that the data has for the outputs of the model.</summary>
    private IReadOnlyList<string> NamesFor(string[] names, string kind)
    {
        if (names.All(name => outputs.Contains(name, StringComparer.Ordinal)) && outputs.Distinct(StringComparer.Ordinal).Count() == outputs.Count)
        {
            return outputs;
        }

        if (names.All(ImagenetSynsets.IsSynset))
        {
            return outputs.Count == ImagenetSynsets.All.Count
                ? ImagenetSynsets.All
                : throw new InvalidDataException($"{model}: the model has {outputs.Count} outputs, and ImageNet has {ImagenetSynsets.All.Count} classes");
        }

        if (names.All(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            throw new UsageException($"{model}: its outputs have names, and the classes of the data are numbers; name the classes, or the outputs with --labels");
        }

        string[] unknown = [.. names.Where(name => !outputs.Contains(name, StringComparer.Ordinal)).Take(MostNamed)];
        return names.Any(name => outputs.Contains(name, StringComparer.Ordinal)) && outputs.Distinct(StringComparer.Ordinal).Count() == outputs.Count
            ? outputs // Images of other classes are named one by one.
            : throw new UsageException(
                $"{model}: no output is called {string.Join(", ", unknown.Select(name => $"'{name}'"))}, as a {kind} of the data is; name the outputs in their order with --labels");
    }
}
