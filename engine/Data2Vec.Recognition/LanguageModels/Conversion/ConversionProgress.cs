namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>Counts the n-grams that are read, and reports the share that is done.</summary>
/// <param name="progress">Takes the share.</param>
/// <param name="cancellation">Ends the work.</param>
internal sealed class ConversionProgress(IProgress<double>? progress, CancellationToken cancellation)
{
    private const int ReportEvery = 1 << 16;

    private long _steps;

    /// <summary>The number of steps of the whole work.</summary>
    public long Total { get; set; }

    public void Step()
    {
        if (++_steps % ReportEvery == 0)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(Math.Min(1, _steps / (double)Total));
        }
    }
}
