namespace Data2Vec.Kernels;

/// <summary>A linear layer's weights on a backend; several matrices given together are one layer with all their outputs.</summary>
/// <param name="inputs">Features of an input row.</param>
/// <param name="outputs">Features of an output row.</param>
public abstract class LinearWeights(int inputs, int outputs)
{
    /// <summary>Features of an input row.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>Features of an output row.</summary>
    public int Outputs { get; } = outputs;
}

/// <summary>A one-dimensional convolution's weights on a backend.</summary>
/// <param name="shape">What the convolution does to lengths and channels.</param>
public abstract class Conv1dWeights(Conv1dShape shape)
{
    /// <summary>What the convolution does to lengths and channels.</summary>
    public Conv1dShape Shape { get; } = shape;
}

/// <summary>A two-dimensional convolution's weights on a backend.</summary>
/// <param name="shape">What the convolution does to images and channels.</param>
public abstract class Conv2dWeights(Conv2dShape shape)
{
    /// <summary>What the convolution does to images and channels.</summary>
    public Conv2dShape Shape { get; } = shape;
}

/// <summary>A layer normalization's gain and bias on a backend.</summary>
/// <param name="size">Features of a row.</param>
/// <param name="epsilon">What is added to the variance.</param>
public abstract class NormWeights(int size, float epsilon)
{
    /// <summary>Features of a row.</summary>
    public int Size { get; } = size;

    /// <summary>What is added to the variance.</summary>
    public float Epsilon { get; } = epsilon;
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
