namespace Data2Vec.Kernels;

/// <summary>
/// A device that runs the operations of models. To add one, derive from this class, <see cref="WeightStore"/>, <see cref="Inference"/> and the
/// classes of weights such as <see cref="LinearWeights"/>. <see cref="OperationShapes"/> checks operands, <see cref="Arena"/> and
/// <see cref="HostArena"/> are working memory, and <see cref="WeightData"/> reads stored weights.
/// </summary>
public abstract class Backend
{
    /// <summary>A short name, such as <c>cpu</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The device and how much of it is used, in words.</summary>
    public abstract string Description { get; }

    /// <summary>Creates an empty store for the weights of one model.</summary>
    public abstract WeightStore CreateStore();
}

/// <summary>A device failed. Its results are lost, and this process may be unable to use it again.</summary>
/// <param name="message">The device and its driver's message.</param>
/// <param name="cause">The driver's exception.</param>
public sealed class DeviceException(string message, Exception cause) : Exception(message, cause);
