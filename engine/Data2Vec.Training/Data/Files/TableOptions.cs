namespace Data2Vec.Training.Data;

/// <summary>The form of a file with columns. What is null is found out.</summary>
public sealed record TableOptions
{
    /// <summary>The character between columns; null for a tab, comma or semicolon, whichever the first line has.</summary>
    public char? Delimiter { get; init; }

    /// <summary>
    /// Whether a field in quotation marks may contain delimiters and line breaks, and two quotation marks in it stand for one. Null: no for columns between
    /// tabs, as in GLUE and Common Voice, yes for others.
    /// </summary>
    public bool? Quoted { get; init; }

    /// <summary>Whether the first line has the names of the columns.</summary>
    public bool HasHeader { get; init; } = true;
}
