namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Sizes and options of a product. An operation describes its tensors, <see cref="GpuMatrix"/> adds the sizes of the weights.</summary>
internal struct MatrixArguments
{
    /// <summary>Addresses of the result and of the biases, for tensor core kernels.</summary>
    public long Output;
    public long Biases;

    /// <summary>Whether a tensor core kernel runs the epilogue; otherwise it stores partial sums.</summary>
    public int RunsEpilogue;

    /// <summary>Rows of the result.</summary>
    public int Rows;

    /// <summary>Length of the sum in each element of the result.</summary>
    public int Depth;

    /// <summary>
    /// Part of <see cref="Depth"/> that one thread group sums up. With too few tiles for the device, several groups share a tile and
    /// <see cref="ProductEpilogue.FinishSplitK"/> adds their partial sums.
    /// </summary>
    public int SplitDepth;

    /// <summary>Columns of one convolution group.</summary>
    public int Columns;

    /// <summary>Columns of one convolution group in units of <see cref="Float4"/>, with padding.</summary>
    public int Float4Columns;

    /// <summary>Tiles along the columns of one convolution group.</summary>
    public int ColumnTiles;

    /// <summary>Distance between the vectors of factors, biases and scales.</summary>
    public int VectorStride;

    public int InputStride;
    public int OutputStride;
    public int ResidualStride;

    /// <summary><see cref="RowLayout.Aligned4"/> or 0, for inputs in f32.</summary>
    public int AlignedInput;

    /// <summary>A <see cref="RowLayout"/>.</summary>
    public int OutputLayout;
    public int ResidualLayout;

    /// <summary>An <see cref="Kernels.Activation"/>.</summary>
    public int Activation;
    public int HasResidual;

    /// <summary>Whether there are scales other than 1.</summary>
    public int HasScale;

    /// <summary>Convolutions: channels of a group, stride, padding, number of sequences.</summary>
    public int Channels;
    public int Stride;
    public int Padding;
    public int Sequences;

    /// <summary>Convolutions of images: arguments of the input, of the output and of the kernel in pixels.</summary>
    public int Height;
    public int Width;
    public int OutputHeight;
    public int OutputWidth;
    public int Kernel;
}
