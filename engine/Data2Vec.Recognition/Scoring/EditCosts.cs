namespace Data2Vec.Recognition.Scoring;

/// <summary>What each kind of error costs when a reference and a hypothesis are aligned. The cheapest alignment is taken; each error counts once.</summary>
/// <param name="Substitution">The cost of a unit that was replaced.</param>
/// <param name="Insertion">The cost of a unit that is too many.</param>
/// <param name="Deletion">The cost of a unit that is missing.</param>
public sealed record EditCosts(int Substitution, int Insertion, int Deletion)
{
    /// <summary>The largest cost.</summary>
    public const int Most = 1000;

    /// <summary>1, 1, 1: the fewest errors, as jiwer and fairseq count them.</summary>
    public static EditCosts Unit { get; } = new(1, 1, 1);

    /// <summary>4, 3, 3: those of NIST's sclite.</summary>
    public static EditCosts Sclite { get; } = new(4, 3, 3);

    /// <summary>Throws if a cost is out of range.</summary>
    internal void Check()
    {
        foreach (int cost in (ReadOnlySpan<int>)[Substitution, Insertion, Deletion])
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cost);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(cost, Most);
        }
    }
}
