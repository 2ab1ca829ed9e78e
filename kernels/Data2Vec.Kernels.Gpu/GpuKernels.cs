using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The kernels that do not depend on the format of weights.</summary>
internal sealed class GpuKernels(GpuContext context)
{
    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>> _normalize =
        context.Kernels.Get(
            RowKernels.Normalize,
            accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>(RowKernels.Normalize));

    /// <summary>The same for rows of up to 512, 768 and 1024 numbers, on devices of CUDA with instructions for bf16.</summary>
    private readonly Lazy<Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>>[]> _warpNormalize =
        new(() => [WarpNormalize<NormSize512>(context), WarpNormalize<NormSize768>(context), WarpNormalize<NormSize1024>(context)]);

    /// <summary>The same of a product's sums.</summary>
    private readonly Lazy<Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments, NormArguments>>[]> _normalizeSums =
        new(() => [NormalizeSums<NormSize512>(context), NormalizeSums<NormSize768>(context), NormalizeSums<NormSize1024>(context)]);

    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, RowArguments>> _copy =
        context.Kernels.Get(
            RowKernels.Copy, accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, RowArguments>(RowKernels.Copy));

    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, RowArguments>> _mean =
        context.Kernels.Get(
            RowKernels.Mean, accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<int>, ArrayView<float>, RowArguments>(RowKernels.Mean));

    private readonly Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, PoolArguments>> _maxPool =
        context.Kernels.Get(
            RowKernels.MaxPool, accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, PoolArguments>(RowKernels.MaxPool));

    private readonly AttentionVariant[] _attention = context.IsTiny
        ? [AttentionVariant.Of<TinyAttentionTile>(context)]
        : [AttentionVariant.Of<AttentionTile64>(context), AttentionVariant.Of<AttentionTile128>(context)];

    // Made when first asked for: most models need none of them.
    private readonly Lazy<TensorAttentionVariants> _tensorAttention = new(() => TensorAttentionVariants.Of<TallAttentionTile, FlatAttentionTile, DeepAttentionTile>(context));

    // With tables, large tiles are no faster than small ones, and take more registers than there are.
    private readonly Lazy<TensorAttentionVariants> _tableAttention = new(() => TensorAttentionVariants.Of<FlatTableAttentionTile, FlatTableAttentionTile, DeepTableAttentionTile>(context));

    /// <summary>The most features that a head may have.</summary>
    public int LargestHead => _attention[^1].LargestHead;

    /// <summary>The most features that a head on tensor cores may have; 0 where there are none, or their kernels cannot be compiled.</summary>
    public int LargestTensorHead(bool hasTable) => context.HasTensorCores ? TensorAttention(hasTable).LargestHead : 0;

    /// <summary>Begins to compile what runs beside tensor cores, where there are some, and on them.</summary>
    /// <param name="inBFloat">Whether activations are in bf16.</param>
    /// <param name="hasTables">Whether attention may have tables of biases.</param>
    public void AskForTensorKernels(bool inBFloat, bool hasTables) =>
        _ = context.HasTensorCores && _warpNormalize.Value is not null && _normalizeSums.Value is not null
            && inBFloat && TensorAttention(hasTable: false) is not null && hasTables && TensorAttention(hasTable: true) is not null;

    public void Normalize(
        LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes)
    {
        if (SuitsWarps(sizes) && Find(_warpNormalize.Value, sizes) is { } kernel)
        {
            var rows = new KernelConfig((sizes.Rows + WarpNormKernel.Rows - 1) / WarpNormKernel.Rows, WarpNormKernel.Threads);
            sizes.Output = output.LoadEffectiveAddressAsPtr();
            queue.Launch(kernel, rows, x, residual, vectors, output, sizes);
            return;
        }

        sizes.Lanes = context.Lanes;
        int rowsOfGroup = context.GroupSize / context.Lanes;
        var config = new KernelConfig((sizes.Rows + rowsOfGroup - 1) / rowsOfGroup, context.GroupSize);
        queue.Launch(_normalize, config, x, residual, vectors, output, sizes);
    }

    /// <summary>How a product's sums are normalized by the kernel that finishes them, or null where they are not.</summary>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">The result of the normalization.</param>
    /// <param name="sizes">Those of the normalization of the product's result; the residual is the product's.</param>
    public SumsNorm? SumsNorm(ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes)
    {
        if (!SuitsWarps(sizes) || Find(_normalizeSums.Value, sizes) is not { } kernel)
        {
            return null;
        }

        sizes.Output = output.LoadEffectiveAddressAsPtr();
        return new SumsNorm(kernel, vectors, output, sizes);
    }

    public void Copy(LaunchQueue queue, ArrayView<float> x, ArrayView<float> output, RowArguments sizes)
    {
        queue.Launch(_copy, context.OneThreadForEach((long)sizes.Rows * ((sizes.Columns + 3) / 4)), x, output, sizes);
    }

    public void Mean(LaunchQueue queue, ArrayView<float> x, ArrayView<int> starts, ArrayView<float> output, RowArguments sizes)
    {
        sizes.Lanes = context.Lanes;
        var config = new KernelConfig(checked((sizes.Columns + sizes.Lanes - 1) / sizes.Lanes * sizes.Rows), context.GroupSize);
        queue.Launch(_mean, config, x, starts, output, sizes);
    }

    public void MaxPool(LaunchQueue queue, ArrayView<float> x, ArrayView<float> output, PoolArguments sizes)
    {
        queue.Launch(_maxPool, context.OneThreadForEach((long)sizes.Rows * ((sizes.Columns + 3) / 4)), x, output, sizes);
    }

    /// <param name="queue">Where it is queued.</param>
    /// <param name="query">Queries.</param>
    /// <param name="key">Keys.</param>
    /// <param name="value">Values.</param>
    /// <param name="bias">What is added to the scores.</param>
    /// <param name="output">The result.</param>
    /// <param name="starts">The bounds of the sequences.</param>
    /// <param name="sequences">How many there are.</param>
    /// <param name="longest">Rows of the longest.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="sizes">The sizes.</param>
    public void Attention(
        LaunchQueue queue, ArrayView<float> query, ArrayView<float> key, ArrayView<float> value, ArrayView<float> bias, ArrayView<float> output,
        ArrayView<int> starts, int sequences, int longest, int heads, AttentionArguments sizes)
    {
        AttentionVariant variant = Array.Find(_attention, variant => sizes.HeadSize <= variant.LargestHead)!;
        sizes.Tiles = (longest + variant.Queries - 1) / variant.Queries;
        var config = new KernelConfig(new Index3D(sizes.Tiles * sequences, heads, 1), new Index3D(variant.Threads, 1, 1));
        queue.Launch(variant.Kernel, config, query, key, value, bias, output, starts, sizes);
    }

    /// <summary><see cref="Attention"/> on tensor cores.</summary>
    /// <param name="queue">Where it is queued.</param>
    /// <param name="query">The address of the queries, in bf16, as all that follow but the bias.</param>
    /// <param name="key">That of the keys.</param>
    /// <param name="value">That of the values.</param>
    /// <param name="bias">What is added to the scores, in f32; a table's rows begin at multiples of two numbers.</param>
    /// <param name="output">The address of the result.</param>
    /// <param name="starts">The bounds of the sequences.</param>
    /// <param name="sequences">How many there are.</param>
    /// <param name="longest">Rows of the longest.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="sizes">The sizes: heads and strides are multiples of eight numbers, addresses of 16 bytes.</param>
    public void TensorAttention(
        LaunchQueue queue, long query, long key, long value, ArrayView<float> bias, long output,
        ArrayView<int> starts, int sequences, int longest, int heads, AttentionArguments sizes)
    {
        (TensorAttentionVariant tall, TensorAttentionVariant flat, TensorAttentionVariant deep) = TensorAttention(sizes.Bias == AttentionKernel.TableBias);
        TensorAttentionVariant variant = sizes.HeadSize > tall.LargestHead ? deep
            : context.LargeTiles ?? (long)Tiles(tall, longest) * sequences * heads >= context.Multiprocessors ? tall : flat;
        sizes.Tiles = Tiles(variant, longest);
        long added = sizes.Bias == AttentionKernel.NoBias ? 0 : bias.LoadEffectiveAddressAsPtr();
        var config = new KernelConfig(
            new Index3D(sizes.Tiles * sequences, heads, 1), new Index3D(TensorAttentionKernel.Threads, 1, 1),
            SharedMemoryConfig.RequestDynamic<byte>(TensorAttentionKernel.SharedBytes));
        queue.Launch(variant.Kernel, config, query, key, value, added, output, starts, sizes);
    }

    private static Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>> WarpNormalize<TSize>(GpuContext context)
        where TSize : struct, INormSize
    {
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments> kernel = WarpNormKernel.Normalize<TSize>;
        return context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, new KernelSpecialization(WarpNormKernel.Threads, WarpNormKernel.GroupsAtOnce)), isOptional: true);
    }

    private static Task<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments, NormArguments>> NormalizeSums<TSize>(GpuContext context)
        where TSize : struct, INormSize
    {
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MatrixArguments, NormArguments> kernel = WarpNormKernel.NormalizeSums<TSize>;
        return context.Kernels.Get(kernel, accelerator => accelerator.LoadKernel(kernel, new KernelSpecialization(WarpNormKernel.ThreadsOfSums, 1)), isOptional: true);
    }

    /// <summary>Whether rows fit the registers of a warp, in eights that are loaded at once.</summary>
    private bool SuitsWarps(NormArguments sizes) => context.HasTensorCores && sizes.Columns % 8 == 0 && sizes.Columns <= 1024
        && Array.TrueForAll([sizes.InputLayout, sizes.ResidualLayout, sizes.OutputLayout], layout => (layout & ((layout & Four.BFloat) == 0 ? Four.Aligned : Four.Eights)) != 0);

    /// <summary>The kernel for rows of a size, of those for 512, 768 and 1024 numbers; null where it cannot be compiled.</summary>
    private static Task<TLauncher>? Find<TLauncher>(Task<TLauncher>[] kernels, NormArguments sizes)
    {
        Task<TLauncher> kernel = kernels[sizes.Columns <= 512 ? 0 : sizes.Columns <= 768 ? 1 : 2];
        return KernelCache.IsThere(kernel) ? kernel : null;
    }

    private TensorAttentionVariants TensorAttention(bool hasTable) => (hasTable ? _tableAttention : _tensorAttention).Value;

    private static int Tiles(TensorAttentionVariant variant, int rows) => (rows + variant.Queries - 1) / variant.Queries;
}
