using System.Globalization;

namespace Data2Vec.Converters.Fairseq;

/// <summary>Reads the labels of a <c>fairseq.data.dictionary.Dictionary</c>.</summary>
internal static class FairseqDictionary
{
    private const int MaxFileBytes = 16 << 20;
    private const int MaxLabels = 1 << 16;

    // Allows a label that is there already, which then has two numbers.
    private const string OverwriteFlag = "#fairseq:overwrite";

    // The order in which the class adds them before it reads a file.
    private static readonly string[] s_special = ["<s>", "<pad>", "</s>", "<unk>"];

    /// <summary>Reads a dictionary file: a label, a space and its count on each line. White space at the end of a line does not count.</summary>
    /// <returns>The four special labels, then the file's.</returns>
    /// <exception cref="InvalidDataException">A line is of another form; the message names the file.</exception>
    public static IReadOnlyList<string> ReadFile(string path)
    {
        string name = Path.GetFileName(path);
        var labels = new List<string>(s_special);
        var known = new HashSet<string>(s_special, StringComparer.Ordinal);
        foreach ((int index, string line) in SmallFile.ReadLines(path, MaxFileBytes, "dictionary of labels").Index())
        {
            string place = $"{name}: line {index + 1}";
            (string label, string count) = Split(line.TrimEnd());
            bool overwrite = count == OverwriteFlag;
            (label, count) = overwrite ? Split(label) : (label, count);
            InvalidData.ThrowIf(
                !long.TryParse(count, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), $"{place} is not a label, a space and a count");
            InvalidData.ThrowIf(!known.Add(label) && !overwrite, $"{place} repeats a label; {OverwriteFlag} at its end allows that");
            InvalidData.ThrowIf(labels.Count == MaxLabels, $"{name}: more than {MaxLabels} labels");
            labels.Add(label);
        }

        return labels;
    }

    // At the last space.
    private static (string Before, string After) Split(string text) =>
        text.LastIndexOf(' ') is >= 0 and var space ? (text[..space], text[(space + 1)..]) : (text, "");

    /// <summary>The labels of the dictionary in a checkpoint, or null if it has none.</summary>
    /// <exception cref="InvalidDataException">What stands there is not a dictionary.</exception>
    public static IReadOnlyList<string>? FromCheckpoint(PickleDictionary checkpoint)
    {
        if (!checkpoint.TryGet("task_state", out PickleDictionary? state) || !state.TryGet("target_dictionary", out PickleObject? dictionary))
        {
            return null;
        }

        return dictionary.TryGetAttribute("symbols", out object? symbols) && symbols is PickleList { Count: <= MaxLabels } list
            && list.All(symbol => symbol is string)
            ? [.. list.OfType<string>()]
            : throw new InvalidDataException("the dictionary in the checkpoint has no list of symbols");
    }
}
