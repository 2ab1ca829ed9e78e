using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;

namespace Data2Vec.Kernels.Gpu;

/// <summary>A normalization by the kernel that finishes a product's sums.</summary>
/// <param name="Kernel">The kernel's launcher.</param>
/// <param name="Vectors">Gain, then bias.</param>
/// <param name="Output">The result.</param>
/// <param name="Sizes">The sizes; what they say of inputs and residuals, the product's own sizes say.</param>
internal readonly record struct SplitKNormEpilogue(
    Task<SplitKNormLauncher> Kernel,
    ArrayView<float> Vectors, ArrayView<float> Output, NormArguments Sizes)
{
    /// <summary>Finishes the sums and normalizes.</summary>
    public void Launch(LaunchQueue queue, ArrayView<float> sums, ArrayView<float> vectors, ArrayView<float> residual, ArrayView<float> output, MatrixArguments product) =>
        queue.Launch(Kernel, new KernelConfig(Sizes.Rows, WarpNormKernel.SplitKThreads), sums, vectors, residual, output, Vectors, Output, product, Sizes);
}
