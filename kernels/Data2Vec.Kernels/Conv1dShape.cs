namespace Data2Vec.Kernels;

/// <summary>What a one-dimensional convolution does to lengths and channels.</summary>
/// <param name="InputChannels">Features of an input row.</param>
/// <param name="OutputChannels">Features of an output row.</param>
/// <param name="Kernel">Rows that one output row sees.</param>
/// <param name="Stride">Input rows from one output row to the next.</param>
/// <param name="Padding">Rows of zeros before and after each sequence.</param>
/// <param name="Groups">Into how many independent convolutions the channels fall.</param>
public readonly record struct Conv1dShape(
    int InputChannels, int OutputChannels, int Kernel, int Stride = 1, int Padding = 0, int Groups = 1)
{
    /// <summary>Inputs of one output.</summary>
    public int FanIn => InputChannels / Groups * Kernel;

    /// <summary>The number of output rows for a sequence: none where it is shorter than the kernel.</summary>
    public int OutputLength(int inputLength)
    {
        int last = inputLength + 2 * Padding - Kernel;
        return last < 0 ? 0 : last / Stride + 1;
    }
}
