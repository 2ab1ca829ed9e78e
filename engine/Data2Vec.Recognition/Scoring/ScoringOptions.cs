namespace Data2Vec.Recognition.Scoring;

/// <summary>How transcripts are scored.</summary>
public sealed record ScoringOptions
{
    /// <summary>The costs of errors.</summary>
    public EditCosts Costs { get; init; } = EditCosts.Unit;

    /// <summary>Whether upper and lower case are the same, as for sclite without <c>-s</c>.</summary>
    public bool FoldCase { get; init; }

    /// <summary>Whether the space between words is a character of the character error rate, as for jiwer.</summary>
    public bool CountSpaces { get; init; } = true;

    /// <summary>A text as it is compared.</summary>
    internal string Normalize(string text) => FoldCase ? text.ToLowerInvariant() : text;
}
