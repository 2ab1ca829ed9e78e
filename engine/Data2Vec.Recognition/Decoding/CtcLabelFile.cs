using System.Globalization;
using System.Text.Json;
using Data2Vec.Audio;
using Data2Vec.IO;

namespace Data2Vec.Recognition.Decoding;

/// <summary>Reads the labels of a CTC model from the files in which other programs keep them.</summary>
public static class CtcLabelFile
{
    private const long MaxBytes = 64L << 20;

    private static readonly string[] s_fairseqSpecial = ["<s>", "<pad>", "</s>", "<unk>"];

    // In the order in which one is taken for the blank.
    private static readonly string[] s_blanks = ["<blank>", "<blk>", "[BLANK]", "<ctc>", "", "<pad>", "[PAD]", "<s>"];

    // Of two of these, either may be the blank.
    private static readonly string[] s_ambiguous = ["<pad>", "[PAD]", "-", "_"];

    /// <summary>
    /// Reads labels from fairseq's <c>dict.ltr.txt</c> (a label and a count in each line; four special labels come before), from Hugging Face's <c>vocab.json</c> or
    /// <c>alphabet.json</c>, from a JSON array, or from a list with a label in each line. The label <c>|</c> is a space, <c>▁</c> at the beginning of a label too, and
    /// labels in angle or square brackets stand for nothing.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="blank">The label that is the blank; null for a usual one, the first of <c>&lt;blank&gt;</c>, the empty label, <c>&lt;pad&gt;</c>, <c>[PAD]</c> and <c>&lt;s&gt;</c>.</param>
    /// <returns>The labels with their texts.</returns>
    /// <exception cref="InvalidDataException">The file has no labels, or a blank is not among them. The message names it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CtcLabels Read(string path, string? blank = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        IReadOnlyList<string> lines = TextFile.ReadLines(path, MaxBytes);
        return FileErrors.Named(path, () =>
        {
            IReadOnlyList<string> names = lines.FirstOrDefault(line => line.Trim().Length > 0)?.TrimStart() is ['{' or '[', ..] start && IsJson(start, lines)
                ? FromJson(string.Join('\n', lines))
                : FromLines(lines);
            return FromNames(names, blank);
        });
    }

    /// <summary>Finds out what labels stand for.</summary>
    /// <param name="names">The labels in the order of the model's outputs.</param>
    /// <param name="blank">The label that is the blank; null for a usual one.</param>
    /// <exception cref="InvalidDataException">There is no such blank, or a label occurs twice.</exception>
    internal static CtcLabels FromNames(IReadOnlyList<string> names, string? blank)
    {
        if (names.Count < 2)
        {
            throw new InvalidDataException("there are no labels in it; a list of labels has one in each line");
        }

        string? twice = names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null)
        {
            throw new InvalidDataException($"the label '{twice}' occurs twice");
        }

        int index = blank is not null ? IndexOf(blank)
            : names.Take(s_fairseqSpecial.Length).SequenceEqual(s_fairseqSpecial) ? 0
            : s_blanks.Select(IndexOf).Append(names[0] is "-" or "_" ? 0 : -1).FirstOrDefault(found => found >= 0, -1);
        if (blank is null && index >= 0 && s_ambiguous.Contains(names[index]) && names.Where((name, i) => s_ambiguous.Contains(name) && (name.Length > 1 || i == 0)).ToArray() is [var one, var other, ..])
        {
            throw new InvalidDataException($"the blank may be '{one}' or '{other}'; name the blank");
        }

        if (index < 0)
        {
            throw new InvalidDataException(blank is not null
                ? $"the blank '{blank}' is not among the {names.Count} labels"
                : $"none of the {names.Count} labels is a usual blank ({string.Join(", ", s_blanks.Select(name => name.Length == 0 ? "an empty label" : name))}); name the blank");
        }

        bool hasSpace = names.Contains(" ");
        return new CtcLabels(index, [.. names.Select((name, i) =>
            i == index || name is ['<', _, .., '>'] or ['[', _, .., ']'] ? ""
            : name is "|" or "▁" && !hasSpace ? " "
            : name.StartsWith('▁') ? $" {name[1..]}"
            : name)]);

        int IndexOf(string name)
        {
            for (int i = 0; i < names.Count; i++)
            {
                if (names[i] == name)
                {
                    return i;
                }
            }

            return -1;
        }
    }

    // A list may begin with the label [PAD].
    private static bool IsJson(string start, IReadOnlyList<string> lines) =>
        start[0] == '{' ? lines.Count > 1 || start.Length > 1 : !start.TrimEnd().EndsWith(']') || lines.Count < 3;

    private static List<string> FromLines(IReadOnlyList<string> lines)
    {
        var counted = new List<string>(s_fairseqSpecial);
        bool isDictionary = true;
        foreach (string line in lines)
        {
            string entry = line.TrimEnd();
            entry = entry.EndsWith(" #fairseq:overwrite", StringComparison.Ordinal) ? entry[..entry.LastIndexOf(' ')] : entry;
            int space = entry.LastIndexOf(' ');
            if (space > 0 && long.TryParse(entry.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long _))
            {
                counted.Add(entry[..space]);
            }
            else if (entry.Length > 0)
            {
                isDictionary = false;
            }
        }

        if (isDictionary && counted.Count > s_fairseqSpecial.Length)
        {
            return counted;
        }

        // An empty label is the blank of some lists. An empty line at the end of others is none.
        List<string> names = [.. lines];
        while (names.Count > 0 && names[^1].Length == 0 && (names.SkipLast(1).Any(s_blanks.Contains) || names.SkipLast(1).Contains("")))
        {
            names.RemoveAt(names.Count - 1);
        }

        return names;
    }

    private static List<string> FromJson(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("labels", out JsonElement labels) && labels.ValueKind == JsonValueKind.Array)
            {
                root = labels;
            }

            if (root.ValueKind == JsonValueKind.Array)
            {
                return [.. root.EnumerateArray().Select(label =>
                    label.ValueKind == JsonValueKind.String ? label.GetString()! : throw new InvalidDataException("a label is not a string"))];
            }

            var entries = new SortedDictionary<int, string>();
            foreach (JsonProperty entry in root.EnumerateObject())
            {
                if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id < 0 || !entries.TryAdd(id, entry.Name))
                {
                    throw new InvalidDataException($"the number of the label '{entry.Name}' is not a whole number of its own");
                }
            }

            return entries.Count > 0 && entries.Keys.Last() == entries.Count - 1
                ? [.. entries.Values]
                : throw new InvalidDataException($"the numbers of its {entries.Count} labels are not those from 0 on");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"not valid JSON: {error.Message}", error);
        }
    }
}
