namespace Data2Vec.Kernels;

/// <summary>The function applied to each element after a linear layer, a convolution or a normalization.</summary>
public enum Activation
{
    /// <summary>No activation.</summary>
    None,

    /// <summary>The exact GELU, <c>x Φ(x)</c> (Hendrycks and Gimpel 2016), not its tanh approximation.</summary>
    Gelu,

    /// <summary>The rectified linear unit, <c>max(x, 0)</c>.</summary>
    Relu,
}

/// <summary>What attention adds to the scores before the softmax.</summary>
/// <param name="Table">
/// Relative position bias (Bao et al. 2022): a number for each pair of rows, <c>[heads * length, length]</c>, for batches whose sequences all
/// have this length; or empty.
/// </param>
/// <param name="Slopes">
/// ALiBi (Press et al. 2022): a number for each head, <c>[1, heads]</c>, which is subtracted once for each row between query and key; or empty.
/// </param>
/// <param name="Distances">
/// Relative positions (Raffel et al. 2020): a number for each head and distance of the key from the query, from <c>-reach</c> to <c>reach</c>,
/// <c>[heads, 2 * reach + 1]</c>, in f32. Keys farther away have the number of the farthest; or empty. It has no backward partner.
/// </param>
/// <param name="Gates">
/// Multiplies <paramref name="Distances"/>: a number for each row, as a query, and head, <c>[rows, heads]</c>, in f32
/// (<see cref="Inference.AttentionGates"/>); or empty.
/// </param>
/// <remarks>At most one of table, slopes and distances is given.</remarks>
public readonly record struct AttentionBias(Tensor Table = default, Tensor Slopes = default, Tensor Distances = default, Tensor Gates = default);

/// <summary>The sizes of a one-dimensional convolution.</summary>
/// <param name="InputChannels">Features of an input row.</param>
/// <param name="OutputChannels">Features of an output row.</param>
/// <param name="Kernel">Input rows that one output row reads.</param>
/// <param name="Stride">Input rows from one output row to the next.</param>
/// <param name="Padding">Rows of zeros before and after each sequence.</param>
/// <param name="Groups">The number of independent convolutions that the channels split into.</param>
public readonly record struct Conv1dShape(
    int InputChannels, int OutputChannels, int Kernel, int Stride = 1, int Padding = 0, int Groups = 1)
{
    /// <summary>The inputs of one output.</summary>
    public int FanIn => InputChannels / Groups * Kernel;

    /// <summary>The output rows of a sequence: 0 if it is shorter than the kernel.</summary>
    public int OutputLength(int inputLength) => new Conv2dShape(InputChannels, OutputChannels, Kernel, Stride, Padding).OutputLength(inputLength);
}

/// <summary>The sizes of a two-dimensional convolution with square windows.</summary>
/// <param name="InputChannels">Features of an input pixel.</param>
/// <param name="OutputChannels">Features of an output pixel.</param>
/// <param name="Kernel">Height and width of the window that one output pixel reads.</param>
/// <param name="Stride">Input pixels from one window to the next, in both directions.</param>
/// <param name="Padding">Pixels of zeros on each of the four sides.</param>
public readonly record struct Conv2dShape(int InputChannels, int OutputChannels, int Kernel, int Stride = 1, int Padding = 0)
{
    /// <summary>The output pixels along a side: 0 if it is shorter than the kernel.</summary>
    public int OutputLength(int inputLength)
    {
        int last = inputLength + 2 * Padding - Kernel;
        return last < 0 ? 0 : last / Stride + 1;
    }
}

/// <summary>A part of a model, see <see cref="Inference.Segment"/>.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Number">Its number among the parts of this kind.</param>
public readonly record struct ModelPart(ModelPartKind Kind, int Number = 0);

/// <summary>The kinds of parts of a model.</summary>
public enum ModelPartKind
{
    /// <summary>What makes rows of an input, such as a feature extractor.</summary>
    Features,

    /// <summary>What tells rows their positions.</summary>
    Positions,

    /// <summary>A layer of a transformer.</summary>
    Layer,
}

/// <summary>Where dropout applies in training. The rates belong to the recipe.</summary>
public enum DropoutSite
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>What enters the first layer.</summary>
    Input,

    /// <summary>What a block adds to the residual. Whole branches may be dropped, too.</summary>
    Branch,

    /// <summary>The features inside a feed-forward block, after the activation.</summary>
    Activation,

    /// <summary>What enters the last layer of a head.</summary>
    Head,
}
