using Data2Vec.Training.Probing;

namespace Data2Vec.Cli;

/// <summary>What classes were taken for what.</summary>
internal static class ClassReport
{
    private const int MostPairs = 20;

    /// <summary>Adds the most frequent confusions, and a picture of all if one is wanted and can be read.</summary>
    public static void AddConfusions(EvaluationReport report, ClassificationQuality quality, IReadOnlyList<string> classes, bool withPicture)
    {
        (int Right, int Taken, int Count)[] pairs =
        [
            .. quality.Confusion.SelectMany((row, right) => row.Select((count, taken) => (Right: right, Taken: taken, Count: count)))
                .Where(pair => pair.Right != pair.Taken && pair.Count > 0).OrderByDescending(pair => pair.Count).Take(MostPairs),
        ];
        if (pairs.Length > 0)
        {
            report.Tables.Add(new ReportTable("Confusions", ["class", "taken for", "times"],
                [.. pairs.Select(pair => (string[])[classes[pair.Right], classes[pair.Taken], pair.Count.ToString(CultureInfo.InvariantCulture)])]));
        }

        if (withPicture && classes.Count is > 1 and <= EvaluationPlots.MostClasses)
        {
            report.Pictures.Add(EvaluationPlots.Confusion(quality.Confusion, classes));
        }
    }
}
