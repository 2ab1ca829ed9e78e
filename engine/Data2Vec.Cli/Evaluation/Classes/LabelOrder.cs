using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>Finds out which class each output of a classifier stands for: by names, never by numbers alone.</summary>
internal static class LabelOrder
{
    private const string Fairseq = "fairseq";

    /// <summary>What others call the classes of GLUE.</summary>
    private static readonly Dictionary<string, (string Task, string Class)[]> s_synonyms = new(StringComparer.Ordinal)
    {
        ["positive"] = [("SST-2", "1")],
        ["negative"] = [("SST-2", "0")],
        ["acceptable"] = [("CoLA", "1")],
        ["unacceptable"] = [("CoLA", "0")],
        ["equivalent"] = [("MRPC", "1")],
        ["not_equivalent"] = [("MRPC", "0")],
        ["duplicate"] = [("QQP", "1")],
        ["not_duplicate"] = [("QQP", "0")],
    };

    /// <summary>The names of a model's outputs.</summary>
    /// <param name="labels">Those of the model.</param>
    /// <param name="given">Names between commas, or a file with one in each line, which replace them; null for none. A dictionary of fairseq is such a file.</param>
    /// <param name="model">The model as it was given.</param>
    public static IReadOnlyList<string> Names(IReadOnlyList<string> labels, string? given, string model)
    {
        if (given is null)
        {
            return labels;
        }

        string[] names = File.Exists(given) ? Read(given) : given.Split(',', StringSplitOptions.TrimEntries);
        return names.Length != labels.Count ? throw new UsageException($"--labels {given}: {names.Length} names, and {model} has {labels.Count} outputs")
            : names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice ? throw new UsageException($"--labels {given}: '{twice.Key}' is there twice")
            : names;
    }

    /// <summary>The class of each output for a task of GLUE.</summary>
    /// <param name="task">The task.</param>
    /// <param name="labels">The names of the outputs.</param>
    /// <param name="areGiven">Whether the user has named them.</param>
    /// <param name="model">The model as it was given.</param>
    /// <param name="format">The kind of checkpoint that the model was converted from.</param>
    /// <param name="warn">Receives what was taken for granted.</param>
    public static int[] ForGlue(GlueTask task, IReadOnlyList<string> labels, bool areGiven, string model, string? format, Action<string> warn)
    {
        string classes = string.Join(", ", task.Classes);
        if (labels.Count != task.Classes.Count)
        {
            throw new InvalidDataException($"{model}: the model has {labels.Count} outputs, and {task.Name} has {task.Classes.Count} classes: {classes}");
        }

        bool areNumbers = labels.Select((label, i) => label == i.ToString(CultureInfo.InvariantCulture)).All(isNumber => isNumber);
        if (!areGiven && areNumbers && format == Fairseq)
        {
            throw new UsageException(
                $"{model}: the outputs of this checkpoint are numbered by its dictionary of labels, in which the most frequent label is the first; "
                + $"name them in this order: --labels label/dict.txt, or names between commas ({classes})");
        }

        if (!areGiven && (labels.Select((label, i) => label == $"LABEL_{i}").All(isNumber => isNumber) || (areNumbers && task.Classes[0] != "0")))
        {
            warn($"{model}: its outputs have no names; they are taken for {classes}, in this order; --labels names them");
            return [.. Enumerable.Range(0, labels.Count)];
        }

        int[] order = [.. labels.Select(label => Class(task, label))];
        return Array.IndexOf(order, -1) is >= 0 and var unknown
                ? throw new UsageException($"{model}: its output {unknown} is called '{labels[unknown]}', and the classes of {task.Name} are {classes}; name the outputs in their order with --labels")
            : order.Distinct().Count() < order.Length ? throw new UsageException($"{model}: two outputs stand for the same class of {task.Name}; name the outputs with --labels")
            : order;
    }

    private static int Class(GlueTask task, string label)
    {
        string plain = label.Trim().ToLowerInvariant().Replace('-', '_').Replace(' ', '_');
        int number = task.Classes.Index().Where(pair => pair.Item == plain).Select(pair => pair.Index).FirstOrDefault(-1);
        return number >= 0 ? number
            : s_synonyms.TryGetValue(plain, out (string Task, string Class)[]? known) && known.FirstOrDefault(name => name.Task == task.Name).Class is { } name
                ? task.Classes.Index().First(pair => pair.Item == name).Index
            : -1;
    }

    private static string[] Read(string path)
    {
        string[][] lines = [.. Files.ReadList(path).Select(line => line.Trim().Split(' '))];

        // A dictionary of fairseq has how often each label occurs after it, most frequent first, and perhaps labels that fill it up.
        long[] counts = [.. lines.Where(line => line.Length == 2).Select(line => long.TryParse(line[1], NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : -1)];
        bool isDictionary = counts.Length == lines.Length && !counts.Contains(-1) && counts.SequenceEqual(counts.OrderDescending());
        return isDictionary
            ? [.. lines.Select(line => line[0]).Where(label => !label.StartsWith("madeupword", StringComparison.Ordinal))]
            : [.. lines.Select(line => string.Join(' ', line))];
    }
}
