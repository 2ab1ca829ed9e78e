namespace Data2Vec.Memes.Fusion;

/// <summary>How a network is trained; the defaults are the paper's code (its text has hidden layers of 100 and a learning rate of 0.1).</summary>
public sealed record TrainingOptions
{
    /// <summary>Features of the hidden layers.</summary>
    public int HiddenSize { get; init; } = 50;

    /// <summary>Adam's learning rate.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>Memes of a step.</summary>
    public int BatchSize { get; init; } = 25;

    /// <summary>How often all memes are seen.</summary>
    public int Epochs { get; init; } = 100;

    /// <summary>The share of the first hidden layer's features that each step leaves out.</summary>
    public float Dropout { get; init; } = 0.2f;

    /// <summary>The same seed, data and options give the same network.</summary>
    public int Seed { get; init; }

    /// <summary>Epochs without a better validation accuracy after which training ends; null for never.</summary>
    public int? Patience { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(HiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(HiddenSize, MemeConfig.LargestHiddenSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Epochs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Patience ?? 1, 1, nameof(Patience));
        if (!(LearningRate > 0 && float.IsFinite(LearningRate)))
        {
            throw new ArgumentOutOfRangeException(nameof(LearningRate), LearningRate, "The learning rate must be above 0.");
        }

        if (!(Dropout is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Dropout), Dropout, "The dropout must be at least 0 and less than 1.");
        }
    }
}
