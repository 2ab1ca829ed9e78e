using Data2Vec.Kernels;

namespace Data2Vec.Converters.Hub;

/// <summary>What of a model is wanted.</summary>
public sealed record PullOptions
{
    /// <summary>A branch, a tag or a commit of the hub's repository; null takes <c>main</c>.</summary>
    public string? Revision { get; init; }

    /// <summary>The number format of the weights in the model file.</summary>
    public ElementType Type { get; init; } = ElementType.F32;

    /// <summary>Where the model file goes; null keeps it in the cache, where the next call finds it.</summary>
    public string? OutputPath { get; init; }
}
