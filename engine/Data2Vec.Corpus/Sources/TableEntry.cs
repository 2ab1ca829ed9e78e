namespace Data2Vec.Corpus;

/// <summary>A row of a table.</summary>
/// <param name="Place">Its place in the file.</param>
internal sealed record TableEntry(string Place)
{
    public string? Id { get; init; }

    public string? Text { get; init; }

    public string? Path { get; init; }

    public string? Reference { get; init; }

    /// <summary>Why the row cannot be read.</summary>
    public string? Problem { get; init; }

    /// <summary>The row as an input.</summary>
    /// <param name="table">The path of the table, whose folder relative paths begin at.</param>
    /// <param name="context">What the model takes.</param>
    public PlannedInput ToInput(string table, SourceContext context)
    {
        string? path = context.Modality == Modality.Text || string.IsNullOrEmpty(Path) ? null : DataFile.Resolve(DataFile.FolderOf(table), Path);
        string? problem = Problem
            ?? (context.Modality == Modality.Text ? Text is null ? "the row has no text" : null : path is null ? "the row has no path" : null);
        return new PlannedInput(string.IsNullOrEmpty(Id) ? Place : Id)
        {
            Source = problem is null && path is not null ? path : Place,
            Path = problem is null ? path : null,
            Text = problem is null ? Text : null,
            Reference = Reference,
            Problem = problem,
        };
    }
}
