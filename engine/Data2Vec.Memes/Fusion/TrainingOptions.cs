namespace Data2Vec.Memes.Fusion;

/// <summary>Training settings. The defaults are those of the paper's code; its text has hidden layers of 100 features and a learning rate of 0.1.</summary>
public sealed record TrainingOptions
{
    /// <summary>The number of features of each hidden layer.</summary>
    public int HiddenSize { get; init; } = 50;

    /// <summary>Adam's learning rate.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>Memes per step.</summary>
    public int BatchSize { get; init; } = 25;

    /// <summary>Passes over the training memes.</summary>
    public int Epochs { get; init; } = 100;

    /// <summary>The share of the first hidden layer's features that each step drops.</summary>
    public float Dropout { get; init; } = 0.2f;

    /// <summary>The same seed, data and options give the same network.</summary>
    public int Seed { get; init; }

    /// <summary>Stops after this many epochs without a better validation accuracy; null to train all epochs.</summary>
    public int? Patience { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
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
