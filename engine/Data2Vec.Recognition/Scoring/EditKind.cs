namespace Data2Vec.Recognition.Scoring;

/// <summary>What became of a unit of a reference or a hypothesis.</summary>
public enum EditKind : byte
{
    /// <summary>The unit of the reference is that of the hypothesis.</summary>
    Match,

    /// <summary>The unit of the reference was replaced.</summary>
    Substitution,

    /// <summary>The unit of the hypothesis is too many.</summary>
    Insertion,

    /// <summary>The unit of the reference is missing.</summary>
    Deletion,
}
