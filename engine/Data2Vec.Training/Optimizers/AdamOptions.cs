namespace Data2Vec.Training.Optimizers;

/// <summary>The constants of Adam. The defaults are those of data2vec audio's pretraining.</summary>
public sealed record AdamOptions
{
    /// <summary>Whose Adam is computed.</summary>
    public AdamVariant Variant { get; init; } = AdamVariant.Fairseq;

    /// <summary>The decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.98;

    /// <summary>Added to the denominator.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <summary>The number of threads. The result does not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
