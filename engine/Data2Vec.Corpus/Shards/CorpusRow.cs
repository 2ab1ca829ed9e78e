namespace Data2Vec.Corpus;

/// <summary>The result of an input.</summary>
public sealed class CorpusRow
{
    private readonly ShardRow _row;
    private readonly IReadOnlyList<ResultColumn> _columns;

    internal CorpusRow(ShardRow row, IReadOnlyList<ResultColumn> columns) => (_row, _columns) = (row, columns);

    /// <summary>The id of the input, which no other input of the job has.</summary>
    public string Id => _row.Id;

    /// <summary>Where the input comes from: a path, or a place in a file.</summary>
    public string Source => _row.Source;

    /// <summary>What the data say about the input, such as its class or transcript; null if they say nothing.</summary>
    public string? Reference => _row.Reference;

    /// <summary>The SHA-256 of what was read: of a file's bytes, or of a text in UTF-8. Null if nothing was read.</summary>
    public string? Sha256 => _row.Sha256;

    /// <summary>What is wrong with the input; null if nothing is. A bad input has no values.</summary>
    public string? Error => _row.Error?.Message;

    /// <summary>A word for the kind of error; null without one.</summary>
    public string? ErrorKind => _row.Error?.Kind;

    /// <summary>The vector of an embedding; null for bad inputs and other tasks.</summary>
    public float[]? Vector => this[EmbedColumns.Vector] as float[];

    /// <summary>The names of the task's columns.</summary>
    public IEnumerable<string> Columns => _columns.Select(column => column.Name);

    /// <summary>A value of the task: a <see cref="string"/>, <see cref="float"/>, <see cref="double"/>, <see cref="bool"/> or an array of <see cref="float"/>.</summary>
    /// <param name="column">The name of the column.</param>
    /// <returns>The value; null for bad inputs, and if there is no such column.</returns>
    public object? this[string column]
    {
        get
        {
            for (int i = 0; i < _columns.Count; i++)
            {
                if (_columns[i].Name == column)
                {
                    return _row.Values?[i];
                }
            }

            return null;
        }
    }
}
