namespace Data2Vec.Training.Data;

/// <summary>The columns of a file with texts and labels.</summary>
public sealed record TextTableOptions
{
    /// <summary>
    /// The names of the one or two columns with texts, or their numbers from 0 in a file without a header. Null: <c>sentence</c>, <c>text</c>,
    /// <c>sentence1</c> and <c>sentence2</c>, and other usual names.
    /// </summary>
    public IReadOnlyList<string>? TextColumns { get; init; }

    /// <summary>The name of the column with labels, or its number. Null: <c>label</c>, <c>class</c>, <c>score</c> and other usual names.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>The form of the file.</summary>
    public TableOptions Table { get; init; } = new();

    /// <summary>Whether a line that cannot be used ends the reading.</summary>
    public bool Strict { get; init; }
}
