using Data2Vec.Training.Data;
using Data2Vec.Training.Metrics;

namespace Data2Vec.Cli;

/// <summary>How well the examples of a file of GLUE were answered, by the measures of the papers' tables.</summary>
internal sealed record GlueResult(GlueFiles Files, int Count, double Score, IReadOnlyList<(string Name, double Value)> Measures)
{
    /// <summary>The number of the label "1", whose F1 counts.</summary>
    private const int Positive = 1;

    public static GlueResult OfClasses(GlueFiles files, int[] predicted, int[] right)
    {
        double accuracy = Classification.Accuracy(predicted, right);
        List<(string Name, double Value)> measures = [("accuracy", accuracy)];
        double score = accuracy;
        switch (files.Task.Name)
        {
            case "CoLA":
                score = Classification.Matthews(predicted, right);
                measures.Add(("Matthews", score));
                break;
            case "MRPC" or "QQP":
                double f1 = Classification.F1(predicted, right, Positive);
                score = (accuracy + f1) / 2;
                measures.Add(("F1", f1));
                break;
        }

        return new GlueResult(files, right.Length, score, measures);
    }

    public static GlueResult OfScores(GlueFiles files, double[] predicted, double[] right)
    {
        double pearson = Correlation.Pearson(predicted, right), spearman = Correlation.Spearman(predicted, right);
        return new GlueResult(files, right.Length, (pearson + spearman) / 2, [("Pearson", pearson), ("Spearman", spearman)]);
    }

    /// <summary>The mean of all eight tasks, in percent; null if one is missing. The two sets of MNLI count as one.</summary>
    public static double? Average(IReadOnlyList<GlueResult> results)
    {
        GlueTask[] tasks = [.. GlueTask.All.Where(task => task.Name != "WNLI")];
        return tasks.All(task => results.Count(result => result.Files.Task == task) == task.DevelopmentFiles.Count)
            ? 100 * tasks.Average(task => results.Where(result => result.Files.Task == task).Average(result => result.Score))
            : null;
    }
}
