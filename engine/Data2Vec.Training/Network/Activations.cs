namespace Data2Vec.Training.Network;

/// <summary>An activation of a recording, and its gradient.</summary>
/// <param name="tensor">The tensor as it was allocated.</param>
internal sealed class Activation(Tensor tensor)
{
    public Tensor Tensor { get; } = tensor;

    /// <summary>Whether anything that learns went into it.</summary>
    public bool Learns { get; set; }

    /// <summary>Its gradient, of the same shape and strides; empty until it is needed.</summary>
    public Tensor Gradient { get; set; }

    /// <summary>Whether a gradient has been written.</summary>
    public bool IsWritten { get; set; }

    private nint End => Tensor.Data + (nint)Tensor.Rows * Tensor.Stride * sizeof(float);

    public bool Contains(Tensor part) => part.Data >= Tensor.Data && part.Data < End;

    /// <summary>The gradient of a part.</summary>
    public Tensor GradientOf(Tensor part) => part with { Data = Gradient.Data + (part.Data - Tensor.Data) };

    /// <summary>Whether a part has all rows and columns.</summary>
    public bool IsWhole(Tensor part) => part.Data == Tensor.Data && part.Rows == Tensor.Rows && part.Columns == Tensor.Columns && part.Stride == Tensor.Stride;
}

/// <summary>
/// What was recorded at one level: the whole recording, or a segment of it. The inner level of a segment ends when its backward pass has been played.
/// </summary>
/// <param name="outer">The level that contains the segment; null for the whole recording.</param>
internal sealed class RecordingLevel(RecordingLevel? outer)
{
    private readonly List<Activation> _activations = [];

    public RecordingLevel? Outer { get; } = outer;

    /// <summary>The backward partners of the operations, in the order of the operations.</summary>
    public List<Action> Backward { get; } = [];

    public Activation Add(Tensor tensor)
    {
        var activation = new Activation(tensor);
        _activations.Add(activation);
        return activation;
    }

    public void Add(Activation activation) => _activations.Add(activation);

    /// <summary>Finds the activation that a tensor is a part of, here or outside.</summary>
    public Activation? Find(Tensor part)
    {
        for (int i = _activations.Count - 1; i >= 0; i--)
        {
            if (_activations[i].Contains(part))
            {
                return _activations[i];
            }
        }

        return Outer?.Find(part);
    }

    public void Clear()
    {
        _activations.Clear();
        Backward.Clear();
    }
}
