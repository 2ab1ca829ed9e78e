namespace Data2Vec.Corpus;

/// <summary>
/// Where the inputs of a job come from. The list of inputs is made once, when the job is created, in an order that does not depend on the system. Texts are
/// copied into it. What cannot be read becomes a row with the reason.
/// </summary>
public abstract record CorpusSource
{
    private protected CorpusSource()
    {
    }

    /// <summary>
    /// The source that a path stands for: a folder with inputs, a table (<c>.csv</c>, <c>.tsv</c>, <c>.jsonl</c>, <c>.ndjson</c>, <c>.parquet</c>), or a single
    /// file, of which each line is an input if it is a text (<c>.txt</c>).
    /// </summary>
    /// <param name="path">The path.</param>
    /// <param name="columns">The columns of a table; null for the usual names.</param>
    /// <exception cref="IOException">There is no such file or folder.</exception>
    public static CorpusSource FromPath(string path, TableColumns? columns = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Directory.Exists(path) ? new FolderSource(path)
            : !File.Exists(path) ? throw new IOException($"{path}: no such file or folder")
            : TableSource.IsTable(path) ? new TableSource(path) { Columns = columns ?? new TableColumns() }
            : new FileSource(path);
    }

    /// <summary>The inputs, as they are asked for.</summary>
    /// <exception cref="InvalidDataException">There are none.</exception>
    /// <exception cref="IOException">The source cannot be read.</exception>
    internal abstract IEnumerable<PlannedInput> Read(SourceContext context);
}
