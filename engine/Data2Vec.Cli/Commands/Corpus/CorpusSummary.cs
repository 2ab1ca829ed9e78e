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

    /// <summary>Shows progress: the share of what this run has to do, so that the time that is left is right, and the numbers of the job.</summary>
    /// <param name="before">The inputs that were done before this run.</param>
    /// <param name="report">Shows a remark and a share.</param>
    public static IProgress<CorpusProgress> To(long before, Action<string, double> report) => new ProgressAction<CorpusProgress>(progress => report(
        string.Create(
            CultureInfo.InvariantCulture,
            $", {progress.Rows:N0} of {progress.Total:N0}, {progress.RowsPerSecond:#,0.#} a second{(progress.Errors.Count > 0 ? $", {Errors(progress.Errors)}" : "")}"),
        progress.Total > before ? (double)(progress.Rows - before) / (progress.Total - before) : 1));

    /// <summary>The number of errors of each kind.</summary>
    public static string Errors(IReadOnlyDictionary<string, long> errors) => string.Create(
        CultureInfo.InvariantCulture, $"{errors.Values.Sum():N0} bad ({string.Join(", ", errors.OrderBy(error => error.Key, StringComparer.Ordinal).Select(error => $"{error.Value} {error.Key}"))})");

    /// <summary>Writes what a run has done.</summary>
    /// <param name="job">The job.</param>
    /// <param name="done">The last progress.</param>
    /// <param name="error">The standard error.</param>
    /// <returns>The exit code: bad inputs are results, unless there is nothing else.</returns>
    public static int Finish(CorpusJob job, CorpusProgress done, TextWriter error)
    {
        error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"data2vec: {done.Rows:N0} of {done.Total:N0} inputs are done{(done.Errors.Count > 0 ? $"; {Errors(done.Errors)}: see the column error" : "")}"));
        if (done.Errors.Count == 0 || CorpusStatus.Read(job) is var status && status.Errors.Values.Sum() < status.RowsDone)
        {
            return 0;
        }

        error.WriteLine("data2vec: all inputs are bad; nothing was computed");
        return Program.BadInput;
    }
}
