namespace Data2Vec.Kernels;

/// <summary>The weights of a linear layer on a backend.</summary>
/// <param name="inputs">Features of an input row.</param>
/// <param name="outputs">Features of an output row.</param>
public abstract class LinearWeights(int inputs, int outputs)
{
    /// <summary>Features of an input row.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>Features of an output row.</summary>
    public int Outputs { get; } = outputs;

    /// <summary>The dropout of the result in training.</summary>
    public DropoutSite Dropout { get; set; }

    /// <summary>Whether a scale multiplies each output.</summary>
    internal virtual bool HasScale => false;
}

/// <summary>The weights of a one-dimensional convolution on a backend.</summary>
/// <param name="shape">The sizes of the convolution.</param>
public abstract class Conv1dWeights(Conv1dShape shape)
{
    /// <summary>The sizes of the convolution.</summary>
    public Conv1dShape Shape { get; } = shape;
}

/// <summary>The weights of a two-dimensional convolution on a backend.</summary>
/// <param name="shape">The sizes of the convolution.</param>
public abstract class Conv2dWeights(Conv2dShape shape)
{
    /// <summary>The sizes of the convolution.</summary>
    public Conv2dShape Shape { get; } = shape;
}

/// <summary>The gain and bias of a layer normalization on a backend.</summary>
/// <param name="size">Features of a row.</param>
/// <param name="epsilon">Added to the variance.</param>
public abstract class NormWeights(int size, float epsilon)
{
    /// <summary>Features of a row.</summary>
    public int Size { get; } = size;

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; } = epsilon;

    /// <summary>The dropout of the result in training.</summary>
    public DropoutSite Dropout { get; set; }
}

/// <summary>A table of vectors on a backend.</summary>
/// <param name="rows">The number of vectors.</param>
/// <param name="columns">Features of a vector.</param>
public abstract class EmbeddingWeights(int rows, int columns)
{
    /// <summary>The number of vectors.</summary>
    public int Rows { get; } = rows;

    /// <summary>Features of a vector.</summary>
    public int Columns { get; } = columns;
}
