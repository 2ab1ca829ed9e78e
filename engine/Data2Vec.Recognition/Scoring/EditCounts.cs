namespace Data2Vec.Recognition.Scoring;

/// <summary>The errors of a transcript, or of many: counts add up.</summary>
/// <param name="Substitutions">Units that were replaced.</param>
/// <param name="Insertions">Units that are too many.</param>
/// <param name="Deletions">Units that are missing.</param>
/// <param name="ReferenceLength">The units of the reference.</param>
public readonly record struct EditCounts(long Substitutions, long Insertions, long Deletions, long ReferenceLength)
{
    /// <summary>All errors: the edit distance.</summary>
    public long Errors => Substitutions + Insertions + Deletions;

    /// <summary>Errors by units of the reference. It may be above 1. Without a reference it is 0 or infinite.</summary>
    public double Rate => Errors == 0 ? 0 : Errors / (double)ReferenceLength;

    /// <summary>Counts the edits of an alignment.</summary>
    public static EditCounts Of(ReadOnlySpan<EditKind> edits) => new(
        edits.Count(EditKind.Substitution), edits.Count(EditKind.Insertion), edits.Count(EditKind.Deletion), edits.Length - edits.Count(EditKind.Insertion));

    /// <summary>Adds the counts of two transcripts.</summary>
    public static EditCounts operator +(EditCounts left, EditCounts right) => left.Add(right);

    /// <summary>Adds the counts of another transcript.</summary>
    public EditCounts Add(EditCounts other) => new(
        Substitutions + other.Substitutions, Insertions + other.Insertions, Deletions + other.Deletions, ReferenceLength + other.ReferenceLength);
}
