using System.Reflection;
using System.Text.RegularExpressions;

namespace Data2Vec.Cli;

/// <summary>The 1,000 classes of ImageNet's challenge (ILSVRC 2012), and lists of the classes of its validation images.</summary>
internal static partial class ImagenetSynsets
{
    private static readonly Lazy<IReadOnlyList<string>> s_all = new(() =>
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("imagenet-synsets.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    });

    /// <summary>The ids in the order of the classes, which is that of the ids.</summary>
    public static IReadOnlyList<string> All => s_all.Value;

    /// <summary>Whether a name has the form of an id.</summary>
    public static bool IsSynset(string name) => Synset().IsMatch(name);

    /// <summary>The number of a validation image by its name, such as ILSVRC2012_val_00000001.JPEG; 0 if it has none.</summary>
    public static int Number(string path) =>
        ImageNumber().Match(Path.GetFileNameWithoutExtension(path)) is { Success: true } match ? int.Parse(match.Value, CultureInfo.InvariantCulture) : 0;

    /// <summary>Reads the classes of images by their numbers.</summary>
    /// <param name="path">
    /// A list with an id in each line, in the order of the numbers; or with the name of an image and an id or the number of a class, as the lists of Caffe and Kaggle.
    /// </param>
    /// <exception cref="InvalidDataException">It is another list.</exception>
    public static IReadOnlyDictionary<int, string> ReadList(string path)
    {
        var classes = new Dictionary<int, string>();
        int line = 0, images = 0;
        foreach (string text in Files.ReadList(path))
        {
            string[] fields = text.Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries);
            int named = Number(fields[0]);
            string? id = fields.FirstOrDefault(IsSynset);
            if (id is null && named > 0 && fields.Length > 1 && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int place) && place < All.Count)
            {
                id = All[place];
            }

            line++;
            if (id is null && line == 1 && fields.Length > 1)
            {
                continue; // The names of the columns.
            }

            if (id is null)
            {
                throw new InvalidDataException(int.TryParse(text.Trim(), out int _)
                    ? $"{path}: the list has numbers; those of the development kit follow a table of its own, so give a list of ids such as {All[0]}"
                    : $"{path}:{line}: there is no id of a class, such as {All[0]}");
            }

            if (!classes.TryAdd(named > 0 ? named : ++images, id))
            {
                throw new InvalidDataException($"{path}:{line}: the image {fields[0]} is there twice");
            }
        }

        return classes;
    }

    [GeneratedRegex(@"^n\d{8}$")]
    private static partial Regex Synset();

    [GeneratedRegex(@"(?<=_|^)\d{8}$")]
    private static partial Regex ImageNumber();
}
