namespace Data2Vec.Training.Data;

/// <summary>Reads folders and lists of images.</summary>
internal static class ImageLists
{
    private static readonly string[] s_paths = ["path", "file", "filename", "file_name", "image", "image_path"];

    private static readonly string[] s_labels = ["label", "class", "category", "target"];

    /// <summary>All images in a folder and the folders in it.</summary>
    public static List<ImageSource> ReadFolder(string folder, SkippedItems skipped) =>
        [.. FolderFiles.Find(folder, FolderFiles.IsImage, skipped).Select(path => new ImageSource(path, FolderFiles.Key(folder, path), path))];

    /// <summary>The images in the folders of a folder. The name of the folder is the class.</summary>
    public static List<ImageSource> ReadClassFolders(string folder, SkippedItems skipped) =>
        [.. ClassFolders.Find(folder, FolderFiles.IsImage, "image", skipped).Select(file => new ImageSource(file.Path, FolderFiles.Key(folder, file.Path), file.Path, file.Class))];

    /// <summary>A list with a path in each line, and a label after it.</summary>
    public static List<ImageSource> ReadList(string path, ImageOptions options, bool withLabels, SkippedItems skipped)
    {
        string root = options.Root ?? DataFile.FolderOf(path);
        var table = Table.Read(path, new TableOptions { HasHeader = false, Delimiter = DelimiterOf(path, root) });
        string[] header = table.Rows[0].Fields;
        int file = Find(header, s_paths), label = Find(header, s_labels);
        bool hasHeader = file >= 0 && (label >= 0 || header.Length == 1 || !withLabels) && !File.Exists(DataFile.Resolve(root, header[file]));
        if (withLabels && !hasHeader && table.Rows.All(row => row.Fields.Length == 1))
        {
            throw new InvalidDataException($"{path}: the lines have no labels; a line is a path, a tab or comma, and a label");
        }

        var images = new List<ImageSource>();
        foreach (TableRow row in hasHeader ? table.Rows.Skip(1) : table.Rows)
        {
            (string listed, string? name) = hasHeader ? (At(row, file), label >= 0 ? At(row, label) : null) : Split(row, table.Delimiter);
            string image = DataFile.Resolve(root, listed);
            if (listed.Length == 0)
            {
                skipped.AddBad(table.Name(row), "the path is missing");
            }
            else if (withLabels && string.IsNullOrEmpty(name))
            {
                skipped.AddBad(table.Name(row), "the label is missing");
            }
            else if (!File.Exists(image))
            {
                skipped.AddBad($"{image} ({table.Name(row)})", "the file does not exist");
            }
            else
            {
                images.Add(new ImageSource(image, listed.Replace('\\', '/'), $"{image} ({table.Name(row)})", withLabels ? name : null));
            }
        }

        return images;
    }

    /// <summary>
    /// The character between path and label where it is neither a tab, a comma nor a semicolon: none if the whole line is a path, a space as in lists for Caffe.
    /// </summary>
    private static char? DelimiterOf(string path, string root)
    {
        // The first line may be a header, and some images may be missing.
        foreach (string line in DataFile.Lines(path).Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            if (File.Exists(DataFile.Resolve(root, line)))
            {
                return '\n';
            }

            if (line.IndexOfAny(['\t', ',', ';']) >= 0)
            {
                return null;
            }

            if (line.LastIndexOf(' ') is > 0 and var space && File.Exists(DataFile.Resolve(root, line[..space].TrimEnd())))
            {
                return ' ';
            }
        }

        return null;
    }

    /// <summary>A path may have the delimiter in it, a label does not.</summary>
    private static (string Path, string? Label) Split(TableRow row, char delimiter)
    {
        // A space at the end of a line is no delimiter.
        string[] fields = delimiter == ' ' ? string.Join(' ', row.Fields).Trim().Split(' ') : row.Fields;
        return fields.Length == 1 ? (fields[0].Trim(), null) : (string.Join(delimiter, fields[..^1]).Trim(), fields[^1].Trim());
    }

    private static string At(TableRow row, int column) => row.Fields.ElementAtOrDefault(column)?.Trim() ?? "";

    private static int Find(string[] header, string[] names)
    {
        for (int column = 0; column < header.Length; column++)
        {
            if (names.Contains(header[column].Trim(), StringComparer.OrdinalIgnoreCase))
            {
                return column;
            }
        }

        return -1;
    }
}
