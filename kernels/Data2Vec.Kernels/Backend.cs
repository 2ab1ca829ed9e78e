namespace Data2Vec.Kernels;

/// <summary>A device that carries out the operations of a model.</summary>
public abstract class Backend
{
    /// <summary>A short name, such as <c>cpu</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The device in words: what it is and what of it is used.</summary>
    public abstract string Description { get; }

    /// <summary>A place for the weights of one model.</summary>
    public abstract WeightStore CreateStore();
}
