using Data2Vec.Training.Data;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.Runs;

namespace Data2Vec.Cli;

/// <summary>A training run that can begin.</summary>
internal sealed record PreparedRun
{
    /// <summary>The name of the recipe.</summary>
    public required string Recipe { get; init; }

    public required ModelConfig Model { get; init; }

    public required TrainingData Data { get; init; }

    /// <summary>The data to measure with; null for none.</summary>
    public TrainingData? Validation { get; init; }

    public required long Updates { get; init; }

    public required BatchSettings Batch { get; init; }

    public required ulong Seed { get; init; }

    public required bool IsPretraining { get; init; }

    /// <summary>What the user should know before the run.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Runs.</summary>
    public required Func<RunOptions, IProgress<RunReport>, CancellationToken, Task<RunOutcome>> Run { get; init; }
}
