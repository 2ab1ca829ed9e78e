namespace Data2Vec.Kernels;

/// <summary>What a two-dimensional convolution with square windows does to images and channels.</summary>
/// <param name="InputChannels">Features of an input pixel.</param>
/// <param name="OutputChannels">Features of an output pixel.</param>
/// <param name="Kernel">Height and width of the window that one output pixel sees.</param>
/// <param name="Stride">Input pixels from one window to the next, along both sides.</param>
/// <param name="Padding">Pixels of zeros on each of the four sides.</param>
public readonly record struct Conv2dShape(int InputChannels, int OutputChannels, int Kernel, int Stride = 1, int Padding = 0)
{
    /// <summary>The output pixels along a side: none where it is shorter than the kernel.</summary>
    public int OutputLength(int inputLength)
    {
        int last = inputLength + 2 * Padding - Kernel;
        return last < 0 ? 0 : last / Stride + 1;
    }
}
