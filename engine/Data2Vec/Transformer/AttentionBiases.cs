namespace Data2Vec;

/// <summary>Which projections of attention have a bias.</summary>
public enum AttentionBiases
{
    /// <summary>Those of queries, keys and values.</summary>
    All,

    /// <summary>Those of queries and values.</summary>
    QueryValue,

    /// <summary>None.</summary>
    None,
}
