namespace Data2Vec.Corpus;

/// <summary>A task with its loaded model.</summary>
internal abstract class TaskRunner : IDisposable
{
    /// <summary>The columns of the results.</summary>
    public abstract IReadOnlyList<ResultColumn> Columns { get; }

    /// <summary>The rows of a batch that keep the device busy.</summary>
    public abstract int RowsAtOnce { get; }

    /// <summary>Facts about the results that are the same for all rows, such as the names of the labels.</summary>
    public virtual IReadOnlyDictionary<string, string> Facts => new Dictionary<string, string>();

    /// <summary>Brings an input into the model's form. Any number of threads may call it.</summary>
    public abstract ReadyRow Prepare(LoadedInput input, CancellationToken cancellation);

    /// <summary>Runs inputs together.</summary>
    /// <returns>For each input a value for each column.</returns>
    public abstract object?[][] Run(IReadOnlyList<ReadyRow> rows, CancellationToken cancellation);

    /// <summary>Runs a recording that is read meanwhile.</summary>
    /// <returns>A value for each column.</returns>
    public virtual object?[] Run(StreamedRecording recording, CancellationToken cancellation) => throw new NotSupportedException("the task takes no recordings");

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
