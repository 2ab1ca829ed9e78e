using System.Text.Json.Nodes;
using Data2Vec.Training.Network;

namespace Data2Vec.Training.Recipes;

/// <summary>How a model is pretrained. The defaults are those of data2vec's base speech model where they are not the modality's own.</summary>
public sealed record PretrainingRecipe
{
    /// <summary>What the recipe is for, in a sentence.</summary>
    public string? Description { get; init; }

    /// <summary>What the model takes.</summary>
    public required Modality Modality { get; init; }

    /// <summary>The structure of a new model, as the <c>config</c> of a model file with its <c>architecture</c>; null if the run starts from a model.</summary>
    public JsonObject? Model { get; init; }

    /// <summary>What a new image model's blocks are multiplied by at first before they are added; null for 0.0001.</summary>
    public double? LayerScale { get; init; }

    /// <summary>The updates of the run.</summary>
    public required long Updates { get; init; }

    /// <summary>What everything random follows from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What goes into an update.</summary>
    public BatchSettings Batch { get; init; } = new();

    /// <summary>The optimizer.</summary>
    public OptimizerSettings Optimizer { get; init; } = new();

    /// <summary>The teacher.</summary>
    public TeacherSettings Teacher { get; init; } = new();

    /// <summary>The layers whose outputs are averaged to targets, counted from the last; null for the published number.</summary>
    public int? TopLayers { get; init; }

    /// <summary>Where the smooth L1 loss changes from a parabola to a line, 0 for a squared error; null for the published number.</summary>
    public double? LossBeta { get; init; }

    /// <summary>What is masked.</summary>
    public MaskSettings Mask { get; init; } = new();

    /// <summary>What is dropped at random.</summary>
    public DropoutRates Dropout { get; init; } = DropoutRates.None;

    /// <summary>The most samples of a recording. Longer ones are cut at a random place.</summary>
    public int MaxSamples { get; init; } = 320_000;

    /// <summary>The fewest samples of a recording. Shorter ones are skipped.</summary>
    public int MinSamples { get; init; } = 32_000;

    /// <summary>How images are varied.</summary>
    public ImageVariation Images { get; init; } = new();
}
