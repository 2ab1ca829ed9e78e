using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Runtime;

namespace Data2Vec.Kernels.Gpu;

/// <summary>The kernels that do not depend on the format of weights.</summary>
internal sealed class GpuKernels(GpuContext context)
{
    private readonly Task<NormLauncher> _normalize =
        context.Kernels.Get(
            RowKernels.Normalize,
            accelerator => accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormArguments>(RowKernels.Normalize));

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
        ? [AttentionVariant.Create<AttentionTileOfSimulator>(context)]
        : [AttentionVariant.Create<AttentionTile64>(context), AttentionVariant.Create<AttentionTile128>(context)];

    private readonly TensorKernels _bfloat = TensorKernels.Create<BFloat16Format>(context);
    private readonly TensorKernels _half = TensorKernels.Create<Float16Format>(context);

    /// <summary>The most features that a head may have.</summary>
    public int MaxHeadSize => _attention[^1].MaxHeadSize;

    /// <summary>The most features that a head on tensor cores may have; 0 where there are none, or their kernels cannot be compiled.</summary>
    public int MaxTensorHeadSize(ElementType type, bool hasTable) =>
        context.HasTensorCores && type != ElementType.F32 ? KernelsFor(type).Attention(hasTable).MaxHeadSize : 0;

    /// <summary>Begins to compile what runs beside products on tensor cores, where there are some.</summary>
    /// <param name="activations">What activations are in.</param>
    /// <param name="normed">The numbers of rows that are normalized.</param>
    /// <param name="hasSums">Whether products may leave sums.</param>
    /// <param name="hasTables">Whether attention may have tables of biases.</param>
    public void RequestTensorKernels(ElementType activations, IEnumerable<int> normed, bool hasSums, bool hasTables)
    {
        if (context.HasTensorCores)
        {
            bool attends = activations != ElementType.F32;
            KernelsFor(activations).Ask(normed, hasSums, attends, attends && hasTables);
        }
    }

    /// <summary><see cref="RowKernels.Normalize"/>, in the registers of warps where rows suit.</summary>
    public void Normalize(
        ElementType activations, LaunchQueue queue, ArrayView<float> x, ArrayView<float> residual, ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes)
    {
        if (FitsWarpKernel(sizes) && KernelsFor(activations).Norm(sizes.Columns) is { } kernel)
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

    /// <summary>How the sums of a product on tensor cores are normalized by the kernel that finishes them, or null where they are not.</summary>
    /// <param name="activations">What those of the inference are in.</param>
    /// <param name="vectors">Gain, then bias.</param>
    /// <param name="output">The result of the normalization.</param>
    /// <param name="sizes">Those of the normalization of the product's result; the residual is the product's.</param>
    public SplitKNormEpilogue? SplitKNormEpilogue(ElementType activations, ArrayView<float> vectors, ArrayView<float> output, NormArguments sizes)
    {
        if (!FitsWarpKernel(sizes) || KernelsFor(activations).SplitKNorm(sizes.Columns) is not { } kernel)
        {
            return null;
        }

        sizes.Output = output.LoadEffectiveAddressAsPtr();
        return new SplitKNormEpilogue(kernel, vectors, output, sizes);
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
        AttentionVariant variant = Array.Find(_attention, variant => sizes.HeadSize <= variant.MaxHeadSize)!;
        sizes.Tiles = (longest + variant.Queries - 1) / variant.Queries;
        var config = new KernelConfig(new Index3D(sizes.Tiles * sequences, heads, 1), new Index3D(variant.Threads, 1, 1));
        queue.Launch(variant.Kernel, config, query, key, value, bias, output, starts, sizes);
    }

    /// <summary><see cref="Attention"/> on tensor cores.</summary>
    /// <param name="type">What all are in but the bias, bf16 or f16.</param>
    /// <param name="queue">Where it is queued.</param>
    /// <param name="query">The address of the queries.</param>
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
        ElementType type, LaunchQueue queue, long query, long key, long value, ArrayView<float> bias, long output,
        ArrayView<int> starts, int sequences, int longest, int heads, AttentionArguments sizes)
    {
        (TensorAttentionVariant tall, TensorAttentionVariant flat, TensorAttentionVariant deep) = KernelsFor(type).Attention(sizes.Bias == AttentionKernel.TableBias);
        TensorAttentionVariant variant = sizes.HeadSize > tall.MaxHeadSize ? deep
            : context.LargeTiles ?? (long)Tiles(tall, longest) * sequences * heads >= context.Multiprocessors ? tall : flat;
        sizes.Tiles = Tiles(variant, longest);
        long added = sizes.Bias == AttentionKernel.NoBias ? 0 : bias.LoadEffectiveAddressAsPtr();
        var config = new KernelConfig(
            new Index3D(sizes.Tiles * sequences, heads, 1), new Index3D(TensorAttentionKernel.Threads, 1, 1),
            SharedMemoryConfig.RequestDynamic<byte>(TensorAttentionKernel.SharedBytes));
        queue.Launch(variant.Kernel, config, query, key, value, added, output, starts, sizes);
    }

    /// <summary>Whether rows fit the registers of a warp, in eights that are loaded at once.</summary>
    private bool FitsWarpKernel(NormArguments sizes) => context.HasTensorCores && TensorKernels.Suits(sizes.Columns)
        && IsWhole(sizes.InputLayout) && IsWhole(sizes.ResidualLayout) && IsWhole(sizes.OutputLayout);

    private static bool IsWhole(int layout) => layout == RowLayout.Aligned4 || (layout & RowLayout.Aligned8) != 0;

    /// <summary>Those for activations of a type; where they are in f32, what is for either.</summary>
    private TensorKernels KernelsFor(ElementType type) => type == ElementType.F16 ? _half : _bfloat;

    private static int Tiles(TensorAttentionVariant variant, int rows) => (rows + variant.Queries - 1) / variant.Queries;
}
