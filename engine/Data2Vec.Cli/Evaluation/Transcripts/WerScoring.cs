using Data2Vec.Recognition.Scoring;

namespace Data2Vec.Cli;

/// <summary>The options of scoring transcripts, and the report of it.</summary>
internal sealed class WerScoring
{
    private const double SuspiciousRate = 0.5;
    private const int ReportedConfusions = 20;

    private readonly Option<string> _costs = new Option<string>("--costs") { Description = "The costs of alignment: unit (1 for each error, as jiwer and fairseq), or sclite (4 for a substitution, 3 for an insertion or deletion)", DefaultValueFactory = _ => "unit" }
        .AcceptOnlyFromAmong("unit", "sclite");
    private readonly Option<string> _case = new Option<string>("--case") { Description = "Upper and lower case: keep, or fold (they are the same, as for sclite)", DefaultValueFactory = _ => "keep" }
        .AcceptOnlyFromAmong("keep", "fold");
    private readonly Option<string> _spaces = new Option<string>("--spaces") { Description = "Spaces in the character error rate: count (as jiwer), or ignore", DefaultValueFactory = _ => "count" }
        .AcceptOnlyFromAmong("count", "ignore");
    private readonly Option<string?> _rare = new("--rare-words") { Description = "Count the errors of these words apart: a list with a word in each line, or a table with an id, a text and a JSON list of words", HelpName = "FILE" };
    private readonly Option<string?> _alignments = new("--alignments") { Description = "Write the alignment of each utterance as sclite prints it", HelpName = "FILE" };
    private readonly Option<int> _confusions = new Option<int>("--confusions") { Description = "Print the N most frequent substitutions, insertions and deletions", HelpName = "N" }.Range(0, 100_000);
    private readonly Option<int> _bootstrap = new Option<int>("--bootstrap") { Description = "The 95 % interval of the word error rate, from N samples of the utterances", HelpName = "N" }.Range(0, 1_000_000);

    public static WerScoring AddTo(Command command)
    {
        var scoring = new WerScoring();
        command.Add(scoring._costs, scoring._case, scoring._spaces, scoring._rare, scoring._alignments, scoring._confusions, scoring._bootstrap);
        return scoring;
    }

    /// <summary>Requires that what is written replaces none of the inputs.</summary>
    public void RequireOutputs(ParseResult parsed, params IEnumerable<string?> inputs) =>
        Files.RequireOutput(parsed.GetValue(_alignments), [.. inputs, parsed.GetValue(_rare)]);

    /// <summary>Scores transcripts, and adds what was found to a report.</summary>
    public void Score(ParseResult parsed, IReadOnlyList<TranscriptPair> pairs, EvaluationRecipe? recipe, EvaluationReport report, BadInputs bad)
    {
        var options = new ScoringOptions
        {
            Costs = parsed.GetValue(_costs) == "sclite" ? EditCosts.Sclite : EditCosts.Unit,
            FoldCase = parsed.GetValue(_case) == "fold",
            CountSpaces = parsed.GetValue(_spaces) == "count",
        };
        Func<TranscriptPair, IEnumerable<string>?> rare = RareWords(parsed.GetValue(_rare));
        ScoredTranscript[] transcripts = [.. pairs.Select(pair => (Pair: pair, Rare: rare(pair))).AsParallel().AsOrdered()
            .Select(item => ScoredTranscript.Score(item.Pair.Id, item.Pair.Reference, item.Pair.Hypothesis, options, item.Rare))];
        var scores = new TranscriptScores(transcripts);
        report.Facts.Add(("utterances", pairs.Count.ToString(CultureInfo.InvariantCulture)));
        report.Facts.Add(("costs", parsed.GetValue(_costs)!));
        report.Facts.Add(("case", parsed.GetValue(_case)!));
        Figure rate = Rate("WER %", scores.Words) with { Published = recipe?.Published("WER %") };
        report.Figures.Add(rate);
        if (parsed.GetValue(_bootstrap) is > 0 and var samples)
        {
            (double low, double high) = scores.Bootstrap(samples);
            report.Figures.Add(new Figure("WER %, low end of the 95 % interval", 100 * low));
            report.Figures.Add(new Figure("WER %, high end of the 95 % interval", 100 * high));
        }

        report.Figures.Add(new Figure("wrong sentences %", 100 * scores.SentenceErrorRate));
        report.Figures.Add(Rate("CER %", scores.Characters));
        report.Tables.Add(Counts(scores));
        int most = parsed.GetValue(_confusions);
        if (most > 0)
        {
            report.Tables.AddRange(Confusions(scores, most));
        }

        if (parsed.GetValue(_alignments) is { } path)
        {
            WriteAlignments(path, scores);
        }

        if (!options.FoldCase && scores.Words.Rate > SuspiciousRate && CaseDiffers(pairs))
        {
            bad.Warn("the references and the hypotheses differ in upper and lower case; --case fold makes them the same");
        }
    }

    /// <summary>The tables of the most frequent errors.</summary>
    public static IEnumerable<ReportTable> Confusions(TranscriptScores scores, int most = ReportedConfusions) =>
        from kind in new[] { (EditKind.Substitution, "Substitutions"), (EditKind.Insertion, "Insertions"), (EditKind.Deletion, "Deletions") }
        let found = scores.Confusions(kind.Item1, most)
        where found.Count > 0
        select new ReportTable(
            kind.Item2,
            kind.Item1 == EditKind.Substitution ? ["times", "said", "recognized"] : ["times", kind.Item1 == EditKind.Insertion ? "inserted" : "deleted"],
            [.. found.Select(confusion => (string[])[confusion.Count.ToString(CultureInfo.InvariantCulture), .. new[] { confusion.Reference, confusion.Hypothesis }.OfType<string>()])]);

    private static Figure Rate(string name, EditCounts counts) => new(name, 100 * counts.Rate);

    private static ReportTable Counts(TranscriptScores scores)
    {
        List<(string Name, EditCounts Counts)> rows = [("words", scores.Words)];
        if (scores.RareWords is { } rare)
        {
            rows.Add(("rare words", rare));
            rows.Add(("other words", scores.OtherWords!.Value));
        }

        rows.Add(("characters", scores.Characters));
        return new ReportTable("Errors", ["", "reference", "errors", "substitutions", "insertions", "deletions", "rate %"],
        [
            .. rows.Select(row => (string[])
            [
                row.Name,
                .. new[] { row.Counts.ReferenceLength, row.Counts.Errors, row.Counts.Substitutions, row.Counts.Insertions, row.Counts.Deletions }.Select(count => count.ToString(CultureInfo.InvariantCulture)),
                Rate("", row.Counts).Text,
            ]),
            ["sentences", scores.Transcripts.Count.ToString(CultureInfo.InvariantCulture), scores.WrongSentences.ToString(CultureInfo.InvariantCulture), "", "", "", new Figure("", 100 * scores.SentenceErrorRate).Text],
        ]);
    }

    private static void WriteAlignments(string path, TranscriptScores scores) => Files.WriteWhole(path, stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
        foreach (ScoredTranscript transcript in scores.Transcripts)
        {
            foreach (string row in transcript.Rows())
            {
                writer.WriteLine(row);
            }

            writer.WriteLine();
        }
    });

    /// <summary>The rare words of an utterance: those of a list for all, or its own. Null without rare words.</summary>
    private static Func<TranscriptPair, IEnumerable<string>?> RareWords(string? path)
    {
        if (path is null)
        {
            return pair => pair.RareWords;
        }

        IReadOnlyList<string> lines = Files.ReadList(path);
        if (lines.All(line => !line.Contains('\t', StringComparison.Ordinal)))
        {
            HashSet<string> words = [.. lines.Select(line => line.Trim())];
            return _ => words;
        }

        Dictionary<string, TranscriptEntry> entries = TranscriptFile.Read(path).Entries.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        return pair => entries.TryGetValue(pair.Id, out TranscriptEntry? entry) && entry.RareWords is { } own
            ? own
            : throw new InvalidDataException($"{path}: there is no list of rare words for the utterance {pair.Id}");
    }

    private static bool CaseDiffers(IReadOnlyList<TranscriptPair> pairs)
    {
        return IsUpper(pairs.Select(pair => pair.Reference)) is { } reference && IsUpper(pairs.Select(pair => pair.Hypothesis)) is { } hypothesis && reference != hypothesis;

        static bool? IsUpper(IEnumerable<string> texts)
        {
            (int upper, int lower) = (0, 0);
            foreach (char letter in texts.SelectMany(text => text))
            {
                upper += char.IsUpper(letter) ? 1 : 0;
                lower += char.IsLower(letter) ? 1 : 0;
            }

            return upper + lower == 0 ? null : upper > lower;
        }
    }
}
