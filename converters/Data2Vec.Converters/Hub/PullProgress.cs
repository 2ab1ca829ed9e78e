namespace Data2Vec.Converters.Hub;

/// <summary>How far a pull is.</summary>
/// <param name="Stage">What is going on.</param>
/// <param name="Name">The file or the model; what went wrong, where the stage is <see cref="PullStage.Waiting"/> or <see cref="PullStage.Unreachable"/>.</param>
/// <param name="Done">The bytes or tensors that are done.</param>
/// <param name="Total">The bytes or tensors that there are; the seconds until the next attempt.</param>
public readonly record struct PullProgress(PullStage Stage, string Name, long Done, long Total);
