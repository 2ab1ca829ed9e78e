using Data2Vec.Corpus;

namespace Data2Vec.Cli;

/// <summary>The progress and the results of jobs in words.</summary>
internal static class CorpusSummary
{
    /// <summary>What a task does, for its progress.</summary>
    public static string Verb(this CorpusTask task) => task switch
    {
        EmbedTask => "Embedding",
        TranscribeTask => "Transcribing",
        ClassifyTask => "Classifying",
        _ => "Scoring",
    };

    /// <summary>The share of the inputs that is done.</summary>
    public static double Share(this CorpusProgress progress) => progress.Total > 0 ? (double)progress.Rows / progress.Total : 0;

    /// <summary>The speed and the errors.</summary>
    public static string Remark(this CorpusProgress progress) =>
        string.Create(CultureInfo.InvariantCulture, $", {progress.RowsPerSecond:#,0.#} a second{(progress.Errors.Count > 0 ? $", {Errors(progress.Errors)}" : "")}");

    /// <summary>Shows progress.</summary>
    public static IProgress<CorpusProgress> To(Action<string, double> report) => new ProgressAction<CorpusProgress>(progress => report(progress.Remark(), progress.Share()));

    /// <summary>The number of errors of each kind.</summary>
    public static string Errors(IReadOnlyDictionary<string, long> errors) => string.Create(
        CultureInfo.InvariantCulture, $"{errors.Values.Sum():N0} bad ({string.Join(", ", errors.OrderBy(error => error.Key, StringComparer.Ordinal).Select(error => $"{error.Value} {error.Key}"))})");

    /// <summary>Writes what a run has done.</summary>
    /// <param name="done">The last progress.</param>
    /// <param name="rows">The inputs of this run.</param>
    /// <param name="error">The standard error.</param>
    /// <returns>The exit code: bad inputs are results, unless there is nothing else.</returns>
    public static int Finish(CorpusProgress done, long rows, TextWriter error)
    {
        long bad = done.Errors.Values.Sum();
        error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"data2vec: {done.Rows:N0} of {done.Total:N0} inputs are done{(bad > 0 ? $"; {Errors(done.Errors)}: see the column error" : "")}"));
        if (bad == 0 || bad < rows)
        {
            return 0;
        }

        error.WriteLine("data2vec: all inputs are bad; nothing was computed");
        return Program.BadInput;
    }
}
