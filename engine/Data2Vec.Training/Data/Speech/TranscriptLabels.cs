using System.Globalization;
using System.Text;
using Data2Vec.Audio;
using Data2Vec.IO;

namespace Data2Vec.Training.Data;

/// <summary>The labels of a CTC head, and how transcripts become numbers of labels.</summary>
public sealed class TranscriptLabels
{
    private const string WordDelimiter = "|";

    private static readonly string[] s_special = ["<s>", "<pad>", "</s>", "<unk>"];

    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly int _delimiter;
    private readonly int _unknown;

    /// <summary>Takes the labels of a model.</summary>
    /// <param name="names">The labels in the order of the head's outputs, as a model's configuration has them.</param>
    /// <param name="blank">The number of the blank.</param>
    /// <exception cref="ArgumentException">A label occurs twice, or the blank is none of them.</exception>
    public TranscriptLabels(IReadOnlyList<string> names, int blank = 0)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentOutOfRangeException.ThrowIfNegative(blank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(blank, names.Count);
        (Names, Blank) = ([.. names], blank);
        for (int number = 0; number < Names.Count; number++)
        {
            if (!_numbers.TryAdd(Names[number], number))
            {
                throw new ArgumentException($"The label '{Names[number]}' occurs twice.", nameof(names));
            }
        }

        _delimiter = Number(WordDelimiter) is >= 0 and var delimiter ? delimiter : Number(" ");
        _unknown = Number("<unk>") is >= 0 and var unknown ? unknown : Number("[UNK]");
    }

    /// <summary>The labels in the order of the head's outputs.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of the blank.</summary>
    public int Blank { get; }

    /// <summary>Reads fairseq's <c>dict.ltr.txt</c>: a label and a count in each line. <c>&lt;s&gt;</c>, the blank, has the number 0; those of the file begin at 4.</summary>
    /// <exception cref="InvalidDataException">A label occurs twice, or the file is empty or not a text file. The message names the line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TranscriptLabels FromDictionary(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        List<string> names = [.. s_special];
        int number = 0;
        foreach (string line in DataFile.Lines(path))
        {
            number++;
            string entry = line.TrimEnd();
            if (entry.EndsWith("#fairseq:overwrite", StringComparison.Ordinal))
            {
                entry = entry[..^"#fairseq:overwrite".Length].TrimEnd();
            }

            int space = entry.LastIndexOf(' ');
            string label = space > 0 ? entry[..space] : entry;
            if (label.Length == 0)
            {
                continue;
            }

            if (names.Contains(label, StringComparer.Ordinal))
            {
                throw new InvalidDataException($"{DataFile.LineName(path, number)}: the label {label.AsSpan().Quote()} occurs twice");
            }

            names.Add(label);
        }

        return names.Count > s_special.Length ? new TranscriptLabels(names) : throw new InvalidDataException($"{path}: there are no labels in it");
    }

    /// <summary>Makes labels of the letters in transcripts, in fairseq's order: four special labels, <c>|</c> between words, the letters sorted.</summary>
    /// <param name="transcripts">The transcripts to train on.</param>
    public static TranscriptLabels FromTranscripts(IEnumerable<string> transcripts)
    {
        ArgumentNullException.ThrowIfNull(transcripts);
        var letters = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Rune rune in transcripts.SelectMany(transcript => transcript.EnumerateRunes()))
        {
            if (!Rune.IsWhiteSpace(rune) && !Rune.IsControl(rune))
            {
                letters.Add(rune.ToString());
            }
        }

        letters.Remove(WordDelimiter);
        return new TranscriptLabels([.. s_special, WordDelimiter, .. letters]);
    }

    /// <summary>The labels of a model that has a CTC head.</summary>
    /// <exception cref="ArgumentException">The model has no labels.</exception>
    public static TranscriptLabels For(AudioConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Labels is { } labels ? new TranscriptLabels(labels, config.Ctc?.Blank ?? 0) : throw new ArgumentException("The model has no labels.", nameof(config));
    }

    /// <summary>
    /// The numbers of a transcript: a label for each letter, the word delimiter after each word. A letter whose label is in the other case gets that one, and
    /// the typographic apostrophe that of the plain one. Letters
    /// and digits without a label become <c>&lt;unk&gt;</c> if there is such a label; other characters without a label are left out.
    /// </summary>
    /// <param name="transcript">The transcript.</param>
    /// <param name="unknown">Receives each character without a label.</param>
    public int[] Encode(string transcript, Action<string>? unknown = null)
    {
        ArgumentNullException.ThrowIfNull(transcript);
        var numbers = new List<int>(transcript.Length + 1);
        bool isInWord = false;
        foreach (Rune rune in transcript.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || rune.Value == '|')
            {
                EndWord();
                continue;
            }

            int number = Number(rune);
            if (number < 0)
            {
                unknown?.Invoke(Legible(rune));
                number = Rune.IsLetterOrDigit(rune) ? _unknown : -1;
            }

            if (number >= 0)
            {
                numbers.Add(number);
                isInWord = true;
            }
        }

        EndWord();
        return [.. numbers];

        void EndWord()
        {
            if (isInWord && _delimiter >= 0)
            {
                numbers.Add(_delimiter);
            }

            isInWord = false;
        }
    }

    /// <summary>The numbers of a line of a <c>.ltr</c> file: labels between spaces.</summary>
    /// <param name="line">The line.</param>
    /// <param name="unknown">Receives each label that is not known. It becomes <c>&lt;unk&gt;</c> if there is such a label, else it is left out.</param>
    public int[] EncodeLetters(string line, Action<string>? unknown = null)
    {
        ArgumentNullException.ThrowIfNull(line);
        var numbers = new List<int>(line.Length / 2 + 1);
        foreach (string label in line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            int number = label.EnumerateRunes().Skip(1).Any() ? Number(label) : Number(label.EnumerateRunes().First());
            if (number < 0)
            {
                unknown?.Invoke(label);
                number = _unknown;
            }

            if (number >= 0)
            {
                numbers.Add(number);
            }
        }

        return [.. numbers];
    }

    /// <summary>The text of a line of a <c>.ltr</c> file.</summary>
    internal static string TextOf(string letters) =>
        string.Concat(letters.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Replace(WordDelimiter, " ", StringComparison.Ordinal).Trim();

    /// <summary>A character for a message: marks and characters that cannot be seen by their number.</summary>
    private static string Legible(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        ? $"U+{rune.Value:X4}"
        : rune.ToString();

    private int Number(string label) => _numbers.GetValueOrDefault(label, -1) is var number && number == Blank ? -1 : number;

    private int Number(Rune rune) =>
        Number(rune.ToString()) is >= 0 and var same ? same
        : Number(Rune.ToUpperInvariant(rune).ToString()) is >= 0 and var upper ? upper
        : Number(Rune.ToLowerInvariant(rune).ToString()) is >= 0 and var lower ? lower
        : rune.Value == '\u2019' ? Number("'") : -1; // the typographic apostrophe
}
