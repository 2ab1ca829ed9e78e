using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Runs;

/// <summary>What a run tells after an update.</summary>
public sealed record RunReport
{
    /// <summary>The update.</summary>
    public required UpdateResult Update { get; init; }

    /// <summary>The updates of the whole run.</summary>
    public required long Updates { get; init; }

    /// <summary>The pass over the data, from 0.</summary>
    public required long Epoch { get; init; }

    /// <summary>The rows of the network that are computed in a second, lately.</summary>
    public required double RowsPerSecond { get; init; }

    /// <summary>The time that the rest of the run will take at this speed.</summary>
    public required TimeSpan Left { get; init; }

    /// <summary>The result of a validation after this update; null for none.</summary>
    public Validation? Validation { get; init; }

    /// <summary>What the user should look at; null for nothing.</summary>
    public string? Warning { get; init; }
}

/// <summary>The result of a validation.</summary>
/// <param name="Metric">The name of the metric that decides which model is the best.</param>
/// <param name="Values">All metrics by their names.</param>
/// <param name="IsBest">Whether the model is the best so far.</param>
public sealed record Validation(string Metric, IReadOnlyDictionary<string, double> Values, bool IsBest)
{
    /// <summary>The value of the metric that decides.</summary>
    public double Value => Values[Metric];
}

/// <summary>How a run ended.</summary>
/// <param name="Updates">The updates that were made.</param>
/// <param name="Last">The last update; null if there was none.</param>
/// <param name="Best">The best validation; null for none.</param>
/// <param name="Model">The model file that the run wrote; null if it was paused.</param>
public sealed record RunOutcome(long Updates, UpdateResult? Last, double? Best, string? Model)
{
    /// <summary>The numbers that learn, those that training alone uses included.</summary>
    public long Parameters { get; init; }
}
