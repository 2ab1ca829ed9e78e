using System.Text.Json.Nodes;

namespace Data2Vec.Converters.Exports;

/// <summary>What fairseq needs beside the weights to continue a run.</summary>
public sealed record FairseqRun
{
    /// <summary>The checkpoint that training began with, whose options are kept; null if there is none.</summary>
    public string? SourcePath { get; init; }

    /// <summary>Options that are set beside the model's, in fairseq's groups: <c>{"model":{"ema_decay":0.999}}</c>. Null: none.</summary>
    public JsonObject? Options { get; init; }

    /// <summary>The number of updates that are done.</summary>
    public long Updates { get; init; }

    /// <summary>The pass over the data, which fairseq begins again.</summary>
    public long Epoch { get; init; } = 1;

    /// <summary>The optimizer; null to begin with a new one.</summary>
    public FairseqAdam? Adam { get; init; }
}

/// <summary>The state of Adam.</summary>
public sealed record FairseqAdam
{
    /// <summary>Reads the first moment of a parameter by its name in the model file, in PyTorch's order.</summary>
    public required Func<string, float[]> Mean { get; init; }

    /// <summary>Reads the second moment.</summary>
    public required Func<string, float[]> Square { get; init; }

    /// <summary>The steps of each parameter by its name in the model file; 0 or absent: none so far.</summary>
    public required IReadOnlyDictionary<string, long> Steps { get; init; }

    /// <summary>The learning rate of the last update.</summary>
    public required double Rate { get; init; }

    /// <summary>The decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.98;

    /// <summary>Added to the denominator.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <summary>The weight decay.</summary>
    public double WeightDecay { get; init; }
}
