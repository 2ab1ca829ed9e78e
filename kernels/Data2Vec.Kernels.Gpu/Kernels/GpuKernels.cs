namespace Data2Vec.Kernels.Gpu;

/// <summary>Operands and options of a normalization.</summary>
/// <param name="Input"><c>[rows, columns]</c>.</param>
/// <param name="Residual">Added to the input; not read without residual.</param>
/// <param name="Vectors">Gain, then bias.</param>
/// <param name="Output">The result.</param>
/// <param name="Arguments">Sizes and options.</param>
internal readonly record struct NormOperation(
    ArrayView<float> Input, ArrayView<float> Residual, ArrayView<float> Vectors, ArrayView<float> Output, NormArguments Arguments);

/// <summary>The kernels that do not depend on the format of weights.</summary>
internal sealed class GpuKernels(GpuContext context)
{
    private readonly Task<NormLauncher> _normalize = context.Kernels.Get<NormLauncher>(RowKernels.Normalize);
    private readonly Task<CopyLauncher> _copy = context.Kernels.Get<CopyLauncher>(RowKernels.Copy);
    private readonly Task<MeanLauncher> _mean = context.Kernels.Get<MeanLauncher>(RowKernels.Mean);
    private readonly Task<CopyLauncher> _add = context.Kernels.Get<CopyLauncher>(ChannelKernels.Add);
    private readonly Task<MeanLauncher> _channelMoments = context.Kernels.Get<MeanLauncher>(ChannelKernels.Moments);
    private readonly Task<NormLauncher> _channelNorm = context.Kernels.Get<NormLauncher>(ChannelKernels.Normalize);
    private readonly Task<GateLauncher> _gates = context.Kernels.Get<GateLauncher>(RowKernels.AttentionGates);
    private readonly Task<PoolLauncher> _maxPool = context.Kernels.Get<PoolLauncher>(RowKernels.MaxPool);

    private readonly AttentionVariant[] _attention = context.IsTiny
        ? [AttentionVariant.Create<AttentionTileOfSimulator>(context)]
        : [AttentionVariant.Create<AttentionTile64>(context), AttentionVariant.Create<AttentionTile128>(context)];

    private readonly TensorKernels _bfloat16 = TensorKernels.Create<BFloat16Format>(context);
    private readonly TensorKernels _float16 = TensorKernels.Create<Float16Format>(context);

    /// <summary>Largest size of a head.</summary>
    public int MaxHeadSize => _attention[^1].MaxHeadSize;

    /// <summary>Largest size of a head on tensor cores; 0 if unsupported or if a kernel does not compile.</summary>
    public int MaxTensorHeadSize(ElementType type, bool hasTable) =>
        context.Options.HasTensorCores && type != ElementType.F32 ? KernelsFor(type).Attention(hasTable).MaxHeadSize : 0;

    /// <summary>Starts compiling the kernels that run beside products on tensor cores, if the device has them.</summary>
    /// <param name="activations">Type of activations.</param>
    /// <param name="rowSizes">Sizes of normalized rows.</param>
    /// <param name="hasSplitK">Whether products may be split.</param>
    /// <param name="hasTables">Whether attention has tables of biases.</param>
    public void RequestTensorKernels(ElementType activations, IEnumerable<int> rowSizes, bool hasSplitK, bool hasTables)
    {
        if (context.Options.HasTensorCores)
        {
            KernelsFor(activations).Request(rowSizes, hasSplitK, activations != ElementType.F32, hasTables);
        }
    }

    /// <summary>Normalizes rows, in the registers of warps if they fit.</summary>
    public void Normalize(LaunchQueue queue, ElementType activations, NormOperation norm)
    {
        NormArguments arguments = norm.Arguments;
        if (FitsWarps(arguments) && KernelsFor(activations).Norm(arguments.Columns) is { } kernel)
        {
            var rows = new KernelConfig((arguments.Rows + WarpNormKernel.Rows - 1) / WarpNormKernel.Rows, WarpNormKernel.Threads);
            arguments.Output = norm.Output.LoadEffectiveAddressAsPtr();
            queue.Launch(kernel, rows, norm.Input, norm.Residual, norm.Vectors, norm.Output, arguments);
            return;
        }

        arguments.Lanes = context.Lanes;
        int rowsPerGroup = context.GroupSize / context.Lanes;
        var config = new KernelConfig((arguments.Rows + rowsPerGroup - 1) / rowsPerGroup, context.GroupSize);
        queue.Launch(_normalize, config, norm.Input, norm.Residual, norm.Vectors, norm.Output, arguments);
    }

    /// <summary>A normalization as the epilogue of split products on tensor cores; null if unsupported.</summary>
    /// <param name="activations">Type of activations.</param>
    /// <param name="norm">The normalization of the product, with the product's residual.</param>
    public SplitKNormEpilogue? SplitKNorm(ElementType activations, NormOperation norm)
    {
        NormArguments arguments = norm.Arguments;
        if (!FitsWarps(arguments) || KernelsFor(activations).SplitKNorm(arguments.Columns) is not { } kernel)
        {
            return null;
        }

        arguments.Output = norm.Output.LoadEffectiveAddressAsPtr();
        return new SplitKNormEpilogue(kernel, norm.Vectors, norm.Output, arguments);
    }

    public void Copy(LaunchQueue queue, ArrayView<float> x, ArrayView<float> output, RowArguments arguments) =>
        queue.Launch(_copy, context.OneThreadForEach((long)arguments.Rows * ((arguments.Columns + 3) / 4)), x, output, arguments);

    public void Mean(LaunchQueue queue, ArrayView<float> x, ArrayView<int> starts, ArrayView<float> output, RowArguments arguments)
    {
        arguments.Lanes = context.Lanes;
        int groups = checked((arguments.Columns + arguments.Lanes - 1) / arguments.Lanes * arguments.Rows);
        queue.Launch(_mean, new KernelConfig(groups, context.GroupSize), x, starts, output, arguments);
    }

    public void Add(LaunchQueue queue, ArrayView<float> x, ArrayView<float> output, RowArguments arguments) =>
        queue.Launch(_add, context.OneThreadForEach((long)arguments.Rows * ((arguments.Columns + 3) / 4)), x, output, arguments);

    public void ChannelMoments(LaunchQueue queue, ArrayView<float> x, ArrayView<int> starts, ArrayView<float> moments, RowArguments arguments)
    {
        arguments.Lanes = context.Lanes;
        int groups = checked((arguments.Columns + arguments.Lanes - 1) / arguments.Lanes * arguments.Rows);
        queue.Launch(_channelMoments, new KernelConfig(groups, context.GroupSize), x, starts, moments, arguments);
    }

    /// <summary>Normalizes the channels of a sequence; the moments stand in place of the residual.</summary>
    public void ChannelNorm(LaunchQueue queue, NormOperation norm) => queue.Launch(
        _channelNorm, context.OneThreadForEach((long)norm.Arguments.Rows * ((norm.Arguments.Columns + 3) / 4)),
        norm.Input, norm.Residual, norm.Vectors, norm.Output, norm.Arguments);

    public void MaxPool(LaunchQueue queue, ArrayView<float> x, ArrayView<float> output, PoolArguments arguments) =>
        queue.Launch(_maxPool, context.OneThreadForEach((long)arguments.Rows * ((arguments.Columns + 3) / 4)), x, output, arguments);

    public void AttentionGates(
        LaunchQueue queue, ArrayView<float> x, ArrayView<float> weights, ArrayView<float> scales, ArrayView<float> output, GateArguments arguments) =>
        queue.Launch(_gates, context.OneThreadForEach((long)arguments.Rows * arguments.Heads), x, weights, scales, output, arguments);

    /// <summary>Attention in f32.</summary>
    public void Attention(LaunchQueue queue, AttentionOperation<ArrayView<float>> attention)
    {
        AttentionArguments arguments = attention.Arguments;
        AttentionVariant variant = Array.Find(_attention, variant => arguments.HeadSize <= variant.MaxHeadSize)!;
        arguments.Tiles = attention.Tiles(variant.Queries);
        var config = new KernelConfig(attention.Grid(variant.Queries), new Index3D(variant.Threads, 1, 1));
        queue.Launch(variant.Kernel, config, attention.Query, attention.Key, attention.Value, attention.Bias, attention.Gates, attention.Output, attention.Starts, arguments);
    }

    /// <summary>Attention in a 16-bit format on tensor cores.</summary>
    public void TensorAttention(LaunchQueue queue, ElementType type, AttentionOperation<long> attention)
    {
        AttentionArguments arguments = attention.Arguments;
        (TensorAttentionVariant large, TensorAttentionVariant small, TensorAttentionVariant largeHeads) =
            KernelsFor(type).Attention(arguments.Bias == AttentionKernel.TableBias);
        TensorAttentionVariant variant = arguments.HeadSize > large.MaxHeadSize ? largeHeads
            : context.Options.UsesLargeTiles ?? attention.Grid(large.Queries).Size >= context.Multiprocessors ? large : small;
        arguments.Tiles = attention.Tiles(variant.Queries);
        long bias = arguments.Bias == AttentionKernel.NoBias ? 0 : attention.Bias.LoadEffectiveAddressAsPtr();
        var config = new KernelConfig(
            attention.Grid(variant.Queries), new Index3D(TensorAttentionKernel.Threads, 1, 1),
            SharedMemoryConfig.RequestDynamic<byte>(TensorAttentionKernel.SharedBytes));
        queue.Launch(variant.Kernel, config, attention.Query, attention.Key, attention.Value, bias, attention.Output, attention.Starts, arguments);
    }

    /// <summary>Whether rows fit the registers of a warp and can be loaded eight numbers at once.</summary>
    private bool FitsWarps(NormArguments arguments) => context.Options.HasTensorCores && TensorKernels.Fits(arguments.Columns)
        && IsAligned8(arguments.InputLayout) && IsAligned8(arguments.ResidualLayout) && IsAligned8(arguments.OutputLayout);

    private static bool IsAligned8(int layout) => layout == RowLayout.Aligned4 || (layout & RowLayout.Aligned8) != 0;

    /// <summary>The kernels for activations of a type. Those of f32 can use either.</summary>
    private TensorKernels KernelsFor(ElementType type) => type == ElementType.F16 ? _float16 : _bfloat16;
}
