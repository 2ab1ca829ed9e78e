namespace Data2Vec.Converters.Hub;

/// <summary>Options of a pull.</summary>
public sealed record PullOptions
{
    /// <summary>A branch, a tag or a commit of the hub's repository; null takes <c>main</c>.</summary>
    public string? Revision { get; init; }

    /// <summary>The number format of the weights in the model file.</summary>
    public ElementType Type { get; init; } = ElementType.F32;

    /// <summary>Where the model file goes; null keeps it in the cache, where the next call finds it.</summary>
    public string? OutputPath { get; init; }
}

/// <summary>The progress of a pull.</summary>
/// <param name="Stage">What is going on.</param>
/// <param name="Name">The file or the model; for <see cref="PullStage.Waiting"/> and <see cref="PullStage.Unreachable"/> the error, for <see cref="PullStage.Warning"/> the warning.</param>
/// <param name="Done">The bytes or tensors that are done.</param>
/// <param name="Total">The bytes or tensors that there are; the seconds until the next attempt.</param>
public readonly record struct PullProgress(PullStage Stage, string Name, long Done, long Total);

/// <summary>The stages of a pull.</summary>
public enum PullStage
{
    /// <summary>A file is being downloaded, counted in bytes.</summary>
    Downloading,

    /// <summary>An attempt failed; the next begins after some seconds.</summary>
    Waiting,

    /// <summary>The server cannot be reached, and the cached copy is used.</summary>
    Unreachable,

    /// <summary>The model file is being written, counted in tensors.</summary>
    Converting,

    /// <summary>A warning about the model file, see <see cref="ConversionResult.Warnings"/>.</summary>
    Warning,
}
