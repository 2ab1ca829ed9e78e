namespace Data2Vec.Kernels.Gpu;

/// <summary>Operands and options of attention.</summary>
/// <typeparam name="T">Views for kernels in f32, addresses for tensor core kernels.</typeparam>
/// <param name="Query">Queries.</param>
/// <param name="Key">Keys.</param>
/// <param name="Value">Values.</param>
/// <param name="Bias">Table, slopes or numbers by distance, in f32; not read without bias.</param>
/// <param name="Output">The result.</param>
/// <param name="Starts">Starts of the sequences, and the end of the last.</param>
/// <param name="Longest">Rows of the longest sequence.</param>
/// <param name="Heads">Number of heads.</param>
/// <param name="Arguments">Sizes and options. Tensor core kernels need head sizes and strides that are multiples of eight, and addresses of 16 bytes.</param>
internal readonly record struct AttentionOperation<T>(
    T Query, T Key, T Value, ArrayView<float> Bias, T Output, ArrayView<int> Starts, int Longest, int Heads, AttentionArguments Arguments)
{
    /// <summary>Gates of a bias by distance, in f32; not read without.</summary>
    public ArrayView<float> Gates { get; init; }

    /// <summary>The grid for tiles of some queries.</summary>
    public Index3D Grid(int queries) => new(Tiles(queries) * (int)(Starts.Length - 1), Heads, 1);

    /// <summary>Tiles of some queries in the longest sequence.</summary>
    public int Tiles(int queries) => (Longest + queries - 1) / queries;
}

/// <summary>The attention kernel in f32 for one tile size.</summary>
/// <param name="Kernel">The launcher.</param>
/// <param name="Queries">Queries of a tile.</param>
/// <param name="Threads">Threads of a group.</param>
/// <param name="MaxHeadSize">Largest size of a head.</param>
internal sealed record AttentionVariant(Task<AttentionLauncher> Kernel, int Queries, int Threads, int MaxHeadSize)
{
    public static AttentionVariant Create<TTile>(GpuContext context)
        where TTile : struct, IAttentionTile
    {
        int threads = TTile.QueryThreads * TTile.KeyThreads;
        return new AttentionVariant(
            context.Kernels.Get<AttentionLauncher>(AttentionKernel.Attend<TTile>, new KernelSpecialization(threads, null)),
            4 * TTile.QueryThreads, threads, 4 * TTile.KeyThreads * TTile.Vectors);
    }
}

/// <summary>The attention kernel on tensor cores for one tile size.</summary>
/// <param name="Kernel">The launcher; optional.</param>
/// <param name="Queries">Queries of a tile.</param>
/// <param name="MaxHeadSize">Largest size of a head.</param>
internal sealed record TensorAttentionVariant(Task<TensorAttentionLauncher> Kernel, int Queries, int MaxHeadSize)
{
    public static TensorAttentionVariant Create<TTile, TFormat>(GpuContext context)
        where TTile : struct, ITensorAttentionTile
        where TFormat : struct, IFloat16Format =>
        new(
            context.Kernels.GetOptional<TensorAttentionLauncher>(
                TensorAttentionKernel.Attend<TTile, CudaAttentionUnit<TFormat>>,
                new KernelSpecialization(TensorAttentionKernel.Threads, TTile.GroupsPerMultiprocessor)),
            TensorAttentionKernel.Queries<TTile>(), TensorAttentionKernel.MaxHeadSize<TTile>());
}

/// <summary>The attention kernels on tensor cores, with or without a table of biases.</summary>
/// <param name="Large">Most queries, heads of up to 64 features.</param>
/// <param name="Small">Fewer queries, heads of up to 64 features.</param>
/// <param name="LargeHeads">Heads of up to 128 features.</param>
internal sealed record TensorAttentionVariants(TensorAttentionVariant Large, TensorAttentionVariant Small, TensorAttentionVariant LargeHeads)
{
    /// <summary>Largest size of a head; 0 if a kernel does not compile.</summary>
    public int MaxHeadSize =>
        Array.TrueForAll([Large, Small, LargeHeads], variant => KernelCache.IsCompiled(variant.Kernel)) ? LargeHeads.MaxHeadSize : 0;

    public static TensorAttentionVariants Create<TLarge, TSmall, TLargeHeads, TFormat>(GpuContext context)
        where TLarge : struct, ITensorAttentionTile
        where TSmall : struct, ITensorAttentionTile
        where TLargeHeads : struct, ITensorAttentionTile
        where TFormat : struct, IFloat16Format =>
        new(
            TensorAttentionVariant.Create<TLarge, TFormat>(context), TensorAttentionVariant.Create<TSmall, TFormat>(context),
            TensorAttentionVariant.Create<TLargeHeads, TFormat>(context));
}
