using Data2Vec.Training.Network;

namespace Data2Vec.Training.Recipes;

/// <summary>How a pretrained model learns a task.</summary>
public sealed record FineTuningRecipe
{
    /// <summary>What the recipe is for, in a sentence.</summary>
    public string? Description { get; init; }

    /// <summary>What the model takes.</summary>
    public required Modality Modality { get; init; }

    /// <summary>The updates of the run; null if <see cref="Epochs"/> tells them.</summary>
    public long? Updates { get; init; }

    /// <summary>The passes over the data.</summary>
    public double Epochs { get; init; } = 10;

    /// <summary>What everything random follows from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What goes into an update.</summary>
    public BatchSettings Batch { get; init; } = new();

    /// <summary>The optimizer.</summary>
    public OptimizerSettings Optimizer { get; init; } = new();

    /// <summary>What is dropped at random.</summary>
    public DropoutRates Dropout { get; init; } = DropoutRates.None;

    /// <summary>The first updates, in which only the head learns.</summary>
    public long FrozenUpdates { get; init; }

    /// <summary>Whether the convolutions of a speech model stay as they are.</summary>
    public bool FixesExtractor { get; init; } = true;

    /// <summary>Frames that are replaced by the mask vector; null for none.</summary>
    public MaskSettings? TimeMask { get; init; }

    /// <summary>Features that are set to 0 in all frames of a recording; null for none.</summary>
    public MaskSettings? ChannelMask { get; init; }

    /// <summary>The share of the target that is spread over all classes.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The fewest samples of a recording. Shorter ones are skipped.</summary>
    public int MinSamples { get; init; } = 1;

    /// <summary>The most samples of a recording. Longer ones are skipped.</summary>
    public int MaxSamples { get; init; } = 480_000;

    /// <summary>How images are varied.</summary>
    public ImageVariation Images { get; init; } = new();

    /// <summary>The updates between two validations; null for once in an epoch.</summary>
    public long? ValidateEvery { get; init; }

    /// <summary>The metric that tells the best model, such as <c>matthews</c>; null for the usual one: accuracy, word error rate, or Pearson's correlation.</summary>
    public string? BestBy { get; init; }
}
