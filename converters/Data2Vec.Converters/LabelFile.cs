using System.Globalization;

namespace Data2Vec.Converters;

/// <summary>The labels of a classification head, one a line.</summary>
internal static class LabelFile
{
    private const int MaxFileBytes = 16 << 20;

    /// <summary>The labels of a head: from a file, from the checkpoint, or numbers. Null without a head.</summary>
    /// <param name="classes">The outputs of the head, or null if there is none.</param>
    /// <param name="path">The file, or null.</param>
    /// <param name="known">The labels that the checkpoint gives for so many outputs, or null where it gives none.</param>
    /// <exception cref="InvalidDataException">The file does not fit the head.</exception>
    public static IReadOnlyList<string>? For(int? classes, string? path, Func<int, IReadOnlyList<string>?>? known = null)
    {
        if (path is null)
        {
            return classes is { } count
                ? known?.Invoke(count) ?? [.. Enumerable.Range(0, count).Select(number => number.ToString(CultureInfo.InvariantCulture))]
                : null;
        }

        InvalidData.ThrowIf(classes is null, "the model has no classification head and takes no labels");
        List<string> labels = SmallFile.ReadLines(path, MaxFileBytes, "list of labels");
        int empty = labels.FindIndex(string.IsNullOrWhiteSpace);
        InvalidData.ThrowIf(empty >= 0, $"{Path.GetFileName(path)}: line {empty + 1} is empty; each line is the label of a class");
        return labels.Count == classes
            ? labels
            : throw new InvalidDataException($"{Path.GetFileName(path)}: {labels.Count} labels, one a line, and the head has {classes} outputs");
    }
}
