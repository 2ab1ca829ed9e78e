namespace Data2Vec.Cli;

/// <summary>A reference and the hypothesis for it.</summary>
internal sealed record TranscriptPair(string Id, string Reference, string Hypothesis, IReadOnlyList<string>? RareWords)
{
    private const int MostNamed = 5;

    /// <summary>Pairs references with hypotheses: by ids, or by lines if neither side has ids.</summary>
    /// <exception cref="InvalidDataException">A side lacks an utterance. The message names both.</exception>
    public static IReadOnlyList<TranscriptPair> Match(TranscriptList references, TranscriptList hypotheses)
    {
        if (references.HasIds != hypotheses.HasIds)
        {
            (string with, string without) = references.HasIds ? (references.Path, hypotheses.Path) : (hypotheses.Path, references.Path);
            throw new InvalidDataException($"{without}: its lines have no ids, and {with} has some; write an id, a tab and the transcript in each line");
        }

        if (!references.HasIds)
        {
            return MatchLines(references, hypotheses);
        }

        Dictionary<string, TranscriptEntry> found = hypotheses.Entries.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        Func<string, string> name = id => id;
        if (!references.Entries.Any(entry => found.ContainsKey(entry.Id)) && Stems(references) is not null && Stems(hypotheses) is { } stems)
        {
            // Paths on one side, names of files on the other.
            (found, name) = (stems, Stem);
        }

        string[] missing = [.. references.Entries.Select(entry => entry.Id).Where(id => !found.ContainsKey(name(id)))];
        HashSet<string> wanted = new(references.Entries.Select(entry => name(entry.Id)), StringComparer.Ordinal);
        string[] unknown = [.. found.Where(pair => !wanted.Contains(pair.Key)).Select(pair => pair.Value.Id)];
        if (missing.Length > 0 || unknown.Length > 0)
        {
            throw new InvalidDataException(string.Join("; ", new[]
            {
                Named(hypotheses.Path, missing, $"of {references.Path} are missing"),
                Named(references.Path, unknown, $"of {hypotheses.Path} are missing"),
            }.OfType<string>()));
        }

        return [.. references.Entries.Select(entry => new TranscriptPair(entry.Id, entry.Text, found[name(entry.Id)].Text, entry.RareWords))];
    }

    private static TranscriptPair[] MatchLines(TranscriptList references, TranscriptList hypotheses)
    {
        // One side may have lost empty lines at its end, or have some more.
        int count = Math.Max(Length(references), Length(hypotheses));
        return references.Entries.Count >= count && hypotheses.Entries.Count >= count
            ? [.. Enumerable.Range(0, count).Select(i => new TranscriptPair(references.Entries[i].Id, references.Entries[i].Text, hypotheses.Entries[i].Text, null))]
            : throw new InvalidDataException(
                $"{references.Path} has {references.Entries.Count} lines, and {hypotheses.Path} has {hypotheses.Entries.Count}; without ids each line needs its line in the other file");

        static int Length(TranscriptList list)
        {
            int length = list.Entries.Count;
            while (length > 1 && list.Entries[length - 1].Text.Length == 0)
            {
                length--;
            }

            return length;
        }
    }

    private static Dictionary<string, TranscriptEntry>? Stems(TranscriptList list)
    {
        var stems = new Dictionary<string, TranscriptEntry>(StringComparer.Ordinal);
        return list.Entries.All(entry => stems.TryAdd(Stem(entry.Id), entry)) ? stems : null;
    }

    private static string Stem(string id) => Path.GetFileNameWithoutExtension(id.Replace('\\', '/'));

    private static string? Named(string path, string[] ids, string problem) => ids.Length == 0 ? null
        : $"{path}: {ids.Length} utterances {problem}: {string.Join(", ", ids.Take(MostNamed))}{(ids.Length > MostNamed ? " and others" : "")}";
}
