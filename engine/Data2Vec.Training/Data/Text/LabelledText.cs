using System.Globalization;
using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>Opens files with texts and labels: CSV, TSV, and the files of GLUE.</summary>
public static class LabelledText
{
    private static readonly string[][] s_pairs =
    [
        ["sentence1", "sentence2"], ["question1", "question2"], ["premise", "hypothesis"], ["question", "sentence"], ["text1", "text2"], ["text_a", "text_b"],
        ["#1 String", "#2 String"],
    ];

    private static readonly string[] s_texts = ["sentence", "text", "review", "comment", "content", "tweet"];

    private static readonly string[] s_labels =
        ["label", "labels", "gold_label", "class", "category", "is_duplicate", "quality", "score", "rating", "similarity", "target", "sentiment"];

    /// <summary>The columns of a table with pairs of texts and a label, by their usual names; null if the first line has no such names.</summary>
    internal static (int First, int Second, int Label)? PairColumns(Table table)
    {
        foreach (string[] pair in s_pairs)
        {
            if (table.Find(pair[0]) is >= 0 and var first && table.Find(pair[1]) is >= 0 and var second && table.Find(s_labels) is >= 0 and var label)
            {
                return (first, second, label);
            }
        }

        return null;
    }

    /// <summary>Opens texts with classes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">How texts become token ids.</param>
    /// <param name="classes">The names of the classes in the order of their numbers; null for the names in the file, sorted.</param>
    /// <param name="options">The columns; null to find them by their usual names.</param>
    /// <exception cref="InvalidDataException">A column is missing, nothing can be used, or too many lines cannot be. The message names the file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LabelledTextData<int> OpenClasses(
        string path, TextEncoding encoding, IReadOnlyList<string>? classes = null, TextTableOptions? options = null)
    {
        var reading = new Reading(path, encoding, options);
        var names = ClassNames.Create(classes, reading.Labels().Where(label => label.Length > 0));
        return reading.Read(names.Names, label => names.Number(label) is >= 0 and var number
            ? number
            : throw new InvalidDataException(label.Length == 0 ? "the label is empty" : $"the label {label.AsSpan().Quote()} is none of the classes {Some(names.Names)}"));
    }

    /// <summary>Opens texts with numbers to predict.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">How texts become token ids.</param>
    /// <param name="options">The columns; null to find them by their usual names.</param>
    /// <exception cref="InvalidDataException">A column is missing, nothing can be used, or too many lines cannot be. The message names the file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LabelledTextData<float> OpenScores(string path, TextEncoding encoding, TextTableOptions? options = null) =>
        OpenScores(path, encoding, options, largest: 1);

    /// <param name="path">The file.</param>
    /// <param name="encoding">How texts become token ids.</param>
    /// <param name="options">The columns.</param>
    /// <param name="largest">The number that becomes 1.</param>
    internal static LabelledTextData<float> OpenScores(string path, TextEncoding encoding, TextTableOptions? options, float largest) =>
        new Reading(path, encoding, options).Read([], label =>
            float.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out float score) && float.IsFinite(score)
                ? score / largest
                : throw new InvalidDataException($"the label {label.AsSpan().Quote()} is not a number"));

    private static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(10)).AsSpan().Quote() + (names.Count > 10 ? $" and {names.Count - 10} more" : "");

    /// <summary>The reading of one file.</summary>
    private sealed class Reading
    {
        private readonly TextEncoding _encoding;
        private readonly Table _table;
        private readonly int[] _texts;
        private readonly int _label;
        private readonly SkippedItems _skipped;

        public Reading(string path, TextEncoding encoding, TextTableOptions? options)
        {
            ArgumentException.ThrowIfNullOrEmpty(path);
            ArgumentNullException.ThrowIfNull(encoding);
            encoding.Check();
            options ??= new TextTableOptions();
            if (options.TextColumns is { Count: not (1 or 2) })
            {
                throw new ArgumentException("One or two columns have texts.", nameof(options));
            }

            (_encoding, _table, _skipped) = (encoding, Table.Read(path, options.Table), new SkippedItems(options.Strict));
            _texts = options.TextColumns is { } given ? [.. given.Select(Column)] : FindTexts();
            _label = options.LabelColumn is { } label ? Column(label) : FindLabel();
        }

        /// <summary>The label of each line that has one.</summary>
        public IEnumerable<string> Labels() => _table.Rows.Where(row => row.Fields.Length > _label).Select(row => row.Fields[_label].Trim());

        public LabelledTextData<TTarget> Read<TTarget>(IReadOnlyList<string> classes, Func<string, TTarget> parse)
        {
            int columns = Math.Max(_texts.Max(), _label) + 1;
            var results = new (int[]? Ids, TTarget? Target, string? Problem)[_table.Rows.Count];
            Parallel.For(0, results.Length, i =>
            {
                try
                {
                    string[] fields = _table.Rows[i].Fields;
                    if (fields.Length < columns)
                    {
                        throw new InvalidDataException($"the line has {fields.Length} columns, and at least {columns} are needed");
                    }

                    TTarget target = parse(fields[_label].Trim());
                    results[i] = (_texts.Length == 1 ? _encoding.Encode(fields[_texts[0]]) : _encoding.Encode(fields[_texts[0]], fields[_texts[1]]), target, null);
                }
                catch (Exception error) when (error is InvalidDataException or ArgumentException)
                {
                    results[i].Problem = error.Message;
                }
            });

            var items = new List<(int Line, int[] Ids, TTarget Target)>();
            for (int i = 0; i < results.Length; i++)
            {
                if (results[i] is { Problem: { } problem })
                {
                    _skipped.AddBad(_table.Name(_table.Rows[i]), problem);
                }
                else
                {
                    items.Add((_table.Rows[i].Line, results[i].Ids!, results[i].Target!));
                }
            }

            return new LabelledTextData<TTarget>(_table.Path, items, classes, _skipped.Finish(_table.Path, items.Count));
        }

        private int Column(string column)
        {
            if (_table.Header is not null)
            {
                return _table.Require(column);
            }

            return int.TryParse(column, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? number
                : throw new ArgumentException($"The file {_table.Path} has no header, so its columns are given by their numbers from 0, not as '{column}'.", nameof(column));
        }

        private int[] FindTexts()
        {
            RequireHeader();
            foreach (string[] pair in s_pairs)
            {
                if (_table.Find(pair[0]) is >= 0 and var first && _table.Find(pair[1]) is >= 0 and var second)
                {
                    return [first, second];
                }
            }

            return _table.Find(s_texts) is >= 0 and var text ? [text] : throw _table.Missing($"no column with texts; name it {s_texts[0]}, or say which it is");
        }

        private int FindLabel()
        {
            RequireHeader();
            return _table.Find(s_labels) is >= 0 and var label ? label : throw _table.Missing($"no column with labels; name it {s_labels[0]}, or say which it is");
        }

        private void RequireHeader()
        {
            if (_table.Header is null)
            {
                throw new ArgumentException($"The file {_table.Path} has no header, so its columns must be given.");
            }
        }
    }
}
