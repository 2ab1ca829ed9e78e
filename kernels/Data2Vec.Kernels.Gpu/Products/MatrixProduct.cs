namespace Data2Vec.Kernels.Gpu;

/// <summary>Operands, options and epilogue of a product. Kernels need every view: absent operands alias the output and are not read.</summary>
/// <param name="Left">The left side, or the input of a convolution.</param>
/// <param name="Residual">Added last.</param>
/// <param name="Output">The result.</param>
/// <param name="InputStarts">Starts of a convolution's input sequences.</param>
/// <param name="OutputStarts">Starts of its output sequences.</param>
/// <param name="Arguments">Sizes and options of the tensors; <see cref="GpuMatrix"/> adds those of the weights.</param>
/// <param name="Norm">A normalization that a split product can run as its epilogue, or null.</param>
internal readonly record struct MatrixProduct(
    ArrayView<float> Left, ArrayView<float> Residual, ArrayView<float> Output, ArrayView<int> InputStarts, ArrayView<int> OutputStarts,
    MatrixArguments Arguments, SplitKNormEpilogue? Norm = null);

/// <summary>A normalization as the epilogue of a split product.</summary>
/// <param name="Kernel">The launcher.</param>
/// <param name="Vectors">Gain, then bias.</param>
/// <param name="Output">The result.</param>
/// <param name="Arguments">Sizes and options. Those of inputs and residual are taken from the product.</param>
internal readonly record struct SplitKNormEpilogue(Task<SplitKNormLauncher> Kernel, ArrayView<float> Vectors, ArrayView<float> Output, NormArguments Arguments)
{
    /// <summary>Adds the partial sums, runs the product's epilogue and normalizes.</summary>
    public void Launch(LaunchQueue queue, ArrayView<float> partialSums, ArrayView<float> vectors, MatrixProduct product, MatrixArguments arguments) =>
        queue.Launch(
            Kernel, new KernelConfig(Arguments.Rows, WarpNormKernel.SplitKThreads), partialSums, vectors, product.Residual, product.Output, Vectors, Output,
            arguments, Arguments);
}
