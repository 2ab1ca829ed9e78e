using System.Globalization;
using System.Text;

namespace Data2Vec.Recognition.Scoring;

/// <summary>A hypothesis that is aligned with its reference.</summary>
public sealed class ScoredTranscript
{
    private readonly bool _foldCase;

    private ScoredTranscript(string id, string[] reference, string[] hypothesis, EditKind[] edits, EditCounts characters, bool foldCase)
    {
        (Id, Reference, Hypothesis, Edits, Characters, _foldCase) = (id, reference, hypothesis, edits, characters, foldCase);
        Words = EditCounts.Of(edits);
    }

    /// <summary>The id of the utterance.</summary>
    public string Id { get; }

    /// <summary>The words of the reference, as they were compared.</summary>
    public IReadOnlyList<string> Reference { get; }

    /// <summary>The words of the hypothesis, as they were compared.</summary>
    public IReadOnlyList<string> Hypothesis { get; }

    /// <summary>The alignment of the words, in their order.</summary>
    public IReadOnlyList<EditKind> Edits { get; }

    /// <summary>The errors of words.</summary>
    public EditCounts Words { get; }

    /// <summary>The errors of characters.</summary>
    public EditCounts Characters { get; }

    /// <summary>The errors of rare words: those of the reference, and inserted ones. Null if no rare words were given.</summary>
    public EditCounts? RareWords { get; private init; }

    /// <summary>Aligns a hypothesis with its reference.</summary>
    /// <param name="id">The id of the utterance.</param>
    /// <param name="reference">What was said.</param>
    /// <param name="hypothesis">What was recognized.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="rareWords">The words that are counted apart; null for none.</param>
    /// <exception cref="InvalidDataException">Both are too long to be aligned. The message names the id.</exception>
    public static ScoredTranscript Score(
        string id, string reference, string hypothesis, ScoringOptions? options = null, IEnumerable<string>? rareWords = null)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(hypothesis);
        options ??= new ScoringOptions();
        (reference, hypothesis) = (options.Normalize(reference), options.Normalize(hypothesis));
        string[] said = EditDistance.Words(reference), recognized = EditDistance.Words(hypothesis);
        try
        {
            EditKind[] edits = EditDistance.Align<string>(said, recognized, options.Costs);
            EditCounts characters = EditDistance.CountCharacters(reference, hypothesis, options.Costs, options.CountSpaces);
            return new ScoredTranscript(id, said, recognized, edits, characters, options.FoldCase)
            {
                RareWords = rareWords is null ? null : CountRare(said, recognized, edits, [.. rareWords.Select(options.Normalize)]),
            };
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{id}: {error.Message}", error);
        }
    }

    /// <summary>
    /// The alignment as sclite prints it: the id, the counts, and the rows of the reference, the hypothesis and the errors. If case was folded, wrong words
    /// are in upper case.
    /// </summary>
    public IEnumerable<string> Rows()
    {
        StringBuilder reference = new("REF:  "), hypothesis = new("HYP:  "), errors = new("Eval: ");
        foreach ((string? said, string? recognized, EditKind edit) in Pairs())
        {
            (string first, string second) = (said ?? new string('*', Length(recognized!)), recognized ?? new string('*', Length(said!)));
            if (edit != EditKind.Match && _foldCase)
            {
                (first, second) = (first.ToUpperInvariant(), second.ToUpperInvariant());
            }

            int width = Math.Max(Length(first), Length(second));
            Append(reference, first, width);
            Append(hypothesis, second, width);
            Append(errors, edit switch { EditKind.Substitution => "S", EditKind.Insertion => "I", EditKind.Deletion => "D", _ => "" }, width);
        }

        yield return $"id: ({Id})";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"Scores: (#C #S #D #I) {Edits.Count(edit => edit == EditKind.Match)} {Words.Substitutions} {Words.Deletions} {Words.Insertions}");
        yield return reference.ToString();
        yield return hypothesis.ToString();
        yield return errors.ToString();
    }

    /// <summary>The aligned words: null where one side has none.</summary>
    internal IEnumerable<(string? Reference, string? Hypothesis, EditKind Edit)> Pairs()
    {
        int left = 0, right = 0;
        foreach (EditKind edit in Edits)
        {
            yield return (edit == EditKind.Insertion ? null : Reference[left++], edit == EditKind.Deletion ? null : Hypothesis[right++], edit);
        }
    }

    private static EditCounts CountRare(string[] reference, string[] hypothesis, EditKind[] edits, HashSet<string> rare)
    {
        EditCounts counts = default;
        int left = 0, right = 0;
        foreach (EditKind edit in edits)
        {
            // A wrong word is charged by what was said, and an inserted one by what was recognized.
            if (rare.Contains(edit == EditKind.Insertion ? hypothesis[right] : reference[left]))
            {
                counts += EditCounts.Of([edit]);
            }

            left += edit == EditKind.Insertion ? 0 : 1;
            right += edit == EditKind.Deletion ? 0 : 1;
        }

        return counts;
    }

    private static int Length(string word) => word.EnumerateRunes().Count();

    private static void Append(StringBuilder row, string word, int width) => row.Append(word).Append(' ', width - Length(word) + 1);
}
