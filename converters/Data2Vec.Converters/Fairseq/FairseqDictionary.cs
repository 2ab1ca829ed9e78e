using System.Text;

namespace Data2Vec.Converters.Fairseq;

/// <summary>Reads the labels of a <c>fairseq.data.dictionary.Dictionary</c>.</summary>
internal static class FairseqDictionary
{
    private const int MaxFileBytes = 16 << 20;
    private const int MaxLabels = 1 << 16;

    // The order in which the class adds them before it reads a file.
    private static readonly string[] s_special = ["<s>", "<pad>", "</s>", "<unk>"];

    /// <summary>Reads a dictionary file: a label, a space and its count on each line.</summary>
    /// <returns>The four special labels, then the file's.</returns>
    /// <exception cref="InvalidDataException">A line is of another form; the message names the file.</exception>
    public static IReadOnlyList<string> ReadFile(string path)
    {
        string name = Path.GetFileName(path);
        InvalidData.ThrowIf(new FileInfo(path).Length > MaxFileBytes, $"{name}: larger than {MaxFileBytes >> 20} MiB, so this is no dictionary of labels");

        var labels = new List<string>(s_special);
        var known = new HashSet<string>(s_special, StringComparer.Ordinal);
        int number = 0;
        try
        {
            var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            foreach (string line in File.ReadLines(path, utf8))
            {
                number++;
                int space = line.LastIndexOf(' ');
                if (space <= 0 || !line.AsSpan(space + 1).Trim().ContainsAnyInRange('0', '9')
                    || line.AsSpan(space + 1).Trim().ContainsAnyExceptInRange('0', '9'))
                {
                    throw new InvalidDataException($"{name}: line {number} is not a label, a space and a count");
                }

                InvalidData.ThrowIf(!known.Add(line[..space]), $"{name}: line {number} repeats a label");
                InvalidData.ThrowIf(labels.Count == MaxLabels, $"{name}: more than {MaxLabels} labels");

                labels.Add(line[..space]);
            }
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDataException($"{name}: line {number + 1} or one soon after it is not UTF-8 text", error);
        }

        return labels;
    }

    /// <summary>The labels of the dictionary in a checkpoint, or null if it has none.</summary>
    /// <exception cref="InvalidDataException">What stands there is not a dictionary.</exception>
    public static IReadOnlyList<string>? FromCheckpoint(PickleDictionary checkpoint)
    {
        if (!checkpoint.TryGet<PickleDictionary>("task_state", out PickleDictionary? state)
            || !state.TryGet<PickleObject>("target_dictionary", out PickleObject? dictionary))
        {
            return null;
        }

        if (!dictionary.TryGetAttribute("symbols", out object? symbols) || symbols is not PickleList list
            || list.Count > MaxLabels || !list.All(symbol => symbol is string))
        {
            throw new InvalidDataException("the dictionary in the checkpoint has no list of symbols");
        }

        return list.Select(symbol => (string)symbol!).ToArray();
    }
}
