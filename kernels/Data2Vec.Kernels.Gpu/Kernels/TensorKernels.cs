namespace Data2Vec.Kernels.Gpu;

/// <summary>The optional kernels besides products for 16-bit activations on devices with tensor cores, compiled on first request.</summary>
internal sealed class TensorKernels(
    Lazy<Task<NormLauncher>>[] norms, Lazy<Task<SplitKNormLauncher>>[] splitKNorms, Lazy<TensorAttentionVariants> attention,
    Lazy<TensorAttentionVariants> tableAttention)
{
    public static TensorKernels Create<TFormat>(GpuContext context)
        where TFormat : struct, IFloat16Format => new(
            [Norm<NormSize512, TFormat>(context), Norm<NormSize768, TFormat>(context), Norm<NormSize1024, TFormat>(context)],
            [SplitKNorm<NormSize512, TFormat>(context), SplitKNorm<NormSize768, TFormat>(context), SplitKNorm<NormSize1024, TFormat>(context)],
            new(() => TensorAttentionVariants.Create<TensorAttentionTile128x64, TensorAttentionTile64x64, TensorAttentionTile64x128, TFormat>(context)),
            // With tables, large tiles are no faster than small ones and need too many registers.
            new(() => TensorAttentionVariants
                .Create<TensorAttentionTile64x64WithTable, TensorAttentionTile64x64WithTable, TensorAttentionTile64x128WithTable, TFormat>(context)));

    /// <summary>Whether rows of a size fit the registers of a warp.</summary>
    public static bool Fits(int columns) => columns % 8 == 0 && columns <= 1024;

    /// <summary>The normalization of rows that fit; null if it does not compile.</summary>
    public Task<NormLauncher>? Norm(int columns) => Compiled(norms[SizeIndex(columns)].Value);

    /// <summary>The normalization of a split product whose rows fit; null if it does not compile.</summary>
    public Task<SplitKNormLauncher>? SplitKNorm(int columns) => Compiled(splitKNorms[SizeIndex(columns)].Value);

    /// <summary>Attention with or without a table of biases.</summary>
    public TensorAttentionVariants Attention(bool hasTable) => (hasTable ? tableAttention : attention).Value;

    /// <summary>Starts compiling kernels.</summary>
    /// <param name="rowSizes">Sizes of normalized rows.</param>
    /// <param name="hasSplitK">Whether products may be split.</param>
    /// <param name="hasAttention">Whether attention runs on tensor cores.</param>
    /// <param name="hasTables">Whether attention has tables of biases.</param>
    public void Request(IEnumerable<int> rowSizes, bool hasSplitK, bool hasAttention, bool hasTables)
    {
        foreach (int columns in rowSizes.Where(Fits))
        {
            _ = norms[SizeIndex(columns)].Value;
            _ = hasSplitK ? splitKNorms[SizeIndex(columns)].Value : null;
        }

        _ = hasAttention ? attention.Value : null;
        _ = hasAttention && hasTables ? tableAttention.Value : null;
    }

    private static Task<TLauncher>? Compiled<TLauncher>(Task<TLauncher> kernel) => KernelCache.IsCompiled(kernel) ? kernel : null;

    private static int SizeIndex(int columns) => columns <= 512 ? 0 : columns <= 768 ? 1 : 2;

    private static Lazy<Task<NormLauncher>> Norm<TSize, TFormat>(GpuContext context)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format => new(() => context.Kernels.GetOptional<NormLauncher>(
            WarpNormKernel.Normalize<TSize, TFormat>, new KernelSpecialization(WarpNormKernel.Threads, WarpNormKernel.GroupsPerMultiprocessor)));

    private static Lazy<Task<SplitKNormLauncher>> SplitKNorm<TSize, TFormat>(GpuContext context)
        where TSize : struct, INormSize
        where TFormat : struct, IFloat16Format => new(() => context.Kernels.GetOptional<SplitKNormLauncher>(
            WarpNormKernel.NormalizeSplitK<TSize, TFormat>, new KernelSpecialization(WarpNormKernel.SplitKThreads, 1)));
}
