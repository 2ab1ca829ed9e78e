using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Weights as panels: mapped panels in place, other weights packed into the store's own memory.</summary>
internal sealed unsafe class CpuStore(CpuLevel level, ThreadTeam team) : WeightStore
{
    private readonly List<nint> _owned = [];
    private readonly List<Action> _refresh = [];
    private readonly ConcurrentBag<HostArena> _idle = [];
    private volatile bool _disposed;

    public override int PreferredBatchRows => 2048;

    public override int PreferredConvolutionRows => 6400;

    /// <summary>What the products of attention multiply: bf16 if the weights are not of a higher precision and the processor is faster so.</summary>
    public ProductType AttentionType { get; private set; } = ProductType.Floats;

    private ParallelOptions Parallelism => new() { MaxDegreeOfParallelism = team.Threads };

    /// <summary>
    /// The distance between rows of activations: an odd number of cache lines, so that neighbouring rows fall into different cache sets.
    /// Rows of one number are contiguous.
    /// </summary>
    public static int RowStride(int columns) => columns == 1 ? 1 : ((columns + 15) / 16 | 1) * 16;

    public override LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale)
    {
        (int inputs, int outputs) = OperationShapes.RequireLinearWeights(parts, scale);
        float* scales = scale is null ? null : Vector(scale, outputs);
        bool joins = false;
        foreach ((WeightData weight, _) in parts)
        {
            joins |= parts.Length > 1 && weight.Rows % PanelLayout.Width != 0;
        }

        PanelMatrix matrix = joins ? Join(parts, inputs, outputs, scales) : Matrix(parts, inputs, scale: scales);
        return new CpuLinear(inputs, outputs, matrix, [.. parts], scale);
    }

    public override Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape)
    {
        OperationShapes.RequireConvolutionWeights(weight, bias, shape);
        return new CpuConv1d(shape, Matrix([(weight, bias)], shape.InputChannels / shape.Groups, shape.Kernel, shape.Groups), weight, bias);
    }

    public override Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape)
    {
        OperationShapes.RequireConvolutionWeights(weight, bias, shape);
        return new CpuConv2d(
            shape,
            WinogradWeights.Suits(shape) ? Transformed(weight, bias, shape) : Matrix([(weight, bias)], shape.InputChannels, shape.Kernel * shape.Kernel));
    }

    public override NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon)
    {
        OperationShapes.RequireVector(weight, size);
        OperationShapes.RequireVector(bias, size);
        return new CpuNorm(new NormValues(size, epsilon, Vector(weight, size, 1), Vector(bias, size)), weight, bias);
    }

    public override EmbeddingWeights Embedding(WeightData table) => new CpuEmbedding(table);

    public override Tensor Constant(ReadOnlySpan<float> values, int rows, int columns)
    {
        int stride = RowStride(columns);
        var tensor = new Tensor((nint)AllocateVector(checked(rows * stride)), rows, columns, stride);
        for (int row = 0; row < rows; row++)
        {
            values.Slice(row * columns, columns).CopyTo(new Span<float>(tensor.Row(row), columns));
        }

        return tensor;
    }

    public override Inference Begin() => Begin(null);

    public override TrainingInference BeginTraining(Func<WeightData, nint> gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        return Begin(gradient);
    }

    public override void Refresh()
    {
        foreach (Action refresh in _refresh)
        {
            refresh();
        }
    }

    private TrainingInference Begin(Func<WeightData, nint>? gradient)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        HostArena memory = _idle.TryTake(out HostArena? idle) ? idle : new HostArena();
        return level switch
        {
            >= CpuLevel.Avx512 => new CpuInference<Simd512, Vector512<float>>(this, memory, team, gradient),
            CpuLevel.Avx2 => new CpuInference<Simd256, Vector256<float>>(this, memory, team, gradient),
            _ => new CpuInference<Simd128, Vector128<float>>(this, memory, team, gradient),
        };
    }

    /// <summary>Returns a finished inference's memory to the pool.</summary>
    public void Return(HostArena memory)
    {
        if (_idle.Count >= team.Threads)
        {
            // After a burst of callers, only as many memories stay as inferences can run at once.
            memory.Dispose();
            return;
        }

        _idle.Add(memory);
        if (_disposed)
        {
            FreeIdle();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        FreeIdle();
        foreach (nint memory in _owned)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _owned.Clear();
    }

    private void FreeIdle()
    {
        while (_idle.TryTake(out HostArena? idle))
        {
            idle.Dispose();
        }
    }

    /// <summary>
    /// The transposed weights of a convolution, for the input rows of each residue of the row by the stride. Those of the residues that no tap reads
    /// have no taps.
    /// </summary>
    public PanelMatrix[] Transposed(CpuConv1d convolution)
    {
        lock (_refresh)
        {
            int stride = convolution.Shape.Stride;
            return convolution.Transposed ??= [.. Enumerable.Range(0, stride).Select(residue => Transpose(convolution.Matrix, stride, residue))];
        }
    }

    private PanelMatrix Transpose(PanelMatrix matrix, int stride, int residue)
    {
        TransposedPanels job = TransposedPanels.Create(matrix, stride, residue, bytes => (nint)Allocate(bytes));
        Now(() => team.Run(job, job.Tasks));
        return job.Result;
    }

    /// <summary>The weights of a convolution by Winograd's algorithm, in f32 whatever format they have.</summary>
    private PanelMatrix Transformed(WeightData weight, WeightData? bias, Conv2dShape shape)
    {
        PanelLayout layout = WinogradWeights.Layout(shape);
        var data = (float*)Allocate(layout.WordCount * sizeof(float), HostMemory.LargePage);
        HostMemory.UseLargePages((nint)data, layout.WordCount * sizeof(float));
        var panels = (float**)Allocate((long)layout.Panels * sizeof(float*));
        for (int panel = 0; panel < layout.Panels; panel++)
        {
            panels[panel] = data + layout.PanelOffset(panel);
        }

        Now(() => Parallel.For(0, layout.Panels, Parallelism, panel => WinogradWeights.PackPanel(weight, layout, panel, panels[panel])));
        return new PanelMatrix
        {
            Type = ProductType.Floats,
            Storage = ElementType.F32,
            Panels = panels,
            PanelsPerGroup = layout.Panels,
            GroupOutputs = shape.OutputChannels,
            Groups = 1,
            Taps = WinogradTransform.Positions,
            Depth = shape.InputChannels,
            Bias = Vector(bias, shape.OutputChannels),
        };
    }

    /// <summary>Copies parts whose outputs do not fill whole panels together as rows, and packs them as one matrix.</summary>
    private PanelMatrix Join(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, int inputs, int outputs, float* scales)
    {
        var rows = (float*)Allocate((long)outputs * inputs * sizeof(float));
        var biases = AllocateVector(outputs);
        (WeightData Weight, WeightData? Bias)[] copied = [.. parts];
        Now(() =>
        {
            int at = 0;
            foreach ((WeightData weight, WeightData? bias) in copied)
            {
                weight.CopyTo(new Span<float>(rows + (long)at * inputs, weight.Rows * inputs));
                bias?.CopyTo(new Span<float>(biases + at, weight.Rows));
                at += weight.Rows;
            }
        });
        var joined = new WeightData((nint)rows, ElementType.F32, WeightLayout.Rows, [outputs, inputs]);
        return Matrix([(joined, new WeightData((nint)biases, ElementType.F32, WeightLayout.Rows, [outputs]))], inputs, scale: scales);
    }

    /// <summary>The right side of a product, in the fastest format that all weights fit.</summary>
    /// <param name="parts">Weights whose outputs follow one another.</param>
    /// <param name="channels">The numbers of an input row that one output reads.</param>
    /// <param name="taps">The input rows that an output reads.</param>
    /// <param name="groups">The groups of outputs.</param>
    /// <param name="scale">Multiplies the outputs; or null.</param>
    private PanelMatrix Matrix(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, int channels, int taps = 1, int groups = 1, float* scale = null)
    {
        (ProductType type, ElementType storage) = Formats(parts, channels);
        if (type is ProductType.BFloat16 or ProductType.Bytes && level == CpuLevel.Avx512Dot)
        {
            AttentionType = ProductType.BFloat16;
        }

        bool isQuantized = storage != ElementType.F32 && parts[0].Weight.Type == ElementType.I8;
        int outputs = 0;
        foreach ((WeightData weight, _) in parts)
        {
            outputs += weight.Rows;
        }

        float* columnFactors = type == ProductType.Shorts ? AllocateVector(outputs) : null;
        float* biases = AllocateVector(outputs), columnScales = isQuantized || columnFactors != null ? AllocateVector(outputs) : null;
        int* columnSums = type == ProductType.Bytes ? (int*)AllocateVector(outputs) : null;
        var panels = new List<nint>();
        int at = 0;
        foreach ((WeightData weight, WeightData? bias) in parts)
        {
            var layout = new PanelLayout(storage, weight.Rows, channels, taps, groups);
            AddPanels(panels, weight, layout);
            if (columnSums != null)
            {
                SumColumns(panels, layout, columnSums + at);
            }

            if (columnFactors != null)
            {
                ScaleColumns(panels, layout, columnFactors + at, columnScales + at);
            }

            if (bias is not null)
            {
                CopyNow(bias, biases + at);
            }

            for (int row = 0; isQuantized && row < weight.Rows; row++)
            {
                columnScales[at + row] = weight.Int8Scale(row);
            }

            at += weight.Rows;
        }

        var addresses = (float**)Allocate((long)panels.Count * sizeof(float*));
        CollectionsMarshal.AsSpan(panels).CopyTo(new Span<nint>(addresses, panels.Count));
        return new PanelMatrix
        {
            Type = type,
            Storage = storage,
            Panels = addresses,
            PanelsPerGroup = panels.Count / groups,
            GroupOutputs = outputs / groups,
            Groups = groups,
            Taps = taps,
            Depth = (channels - 1) / type.PerWord() + 1,
            Bias = biases,
            Scale = scale,
            ColumnScales = columnScales,
            ColumnFactors = columnFactors,
            ColumnSums = columnSums,
        };
    }

    /// <summary>What a product multiplies and the format of its panels, which all parts share; floats if they differ.</summary>
    private (ProductType Type, ElementType Storage) Formats(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, int channels)
    {
        (ProductType Type, ElementType Storage) formats = Formats(parts[0].Weight, channels);
        foreach ((WeightData weight, _) in parts)
        {
            if (Formats(weight, channels) != formats)
            {
                return (ProductType.Floats, ElementType.F32);
            }
        }

        return formats;
    }

    /// <summary>
    /// What is fastest to multiply by a weight, and the format of its panels. Linear layers are padded to whole words; the channels of a convolution
    /// must fill them.
    /// </summary>
    private (ProductType Type, ElementType Storage) Formats(WeightData weight, int channels) => weight.Type switch
    {
        // Rows of one number are not padded to a vector.
        ElementType.I8 when weight.Shape.Count == 2 && channels > 1 && level >= CpuLevel.Avx512Vnni => (ProductType.Bytes, ElementType.I8),

        // The whole numbers of i8 are exact in bf16. Bytes of a convolution would lose too much of samples and pixels.
        ElementType.I8 or ElementType.BF16 when level == CpuLevel.Avx512Dot && FillsWords(weight, ElementType.BF16, channels) => (ProductType.BFloat16, ElementType.BF16),
        ElementType.BF16 when level == CpuLevel.Avx512Vnni && FitsShorts(weight, channels) => (ProductType.Shorts, weight.Type),
        _ => (ProductType.Floats, FillsWords(weight, weight.Type, channels) ? weight.Type : ElementType.F32),
    };

    private static bool FitsShorts(WeightData weight, int channels) => channels > 1 && weight.Shape.Count <= 3 && FillsWords(weight, weight.Type, channels);

    private static bool FillsWords(WeightData weight, ElementType type, int channels) => weight.Shape.Count == 2 || channels % PanelLayout.PerWord(type) == 0;

    /// <summary>Adds the addresses of a weight's panels: those of the file if it has this format, otherwise packed ones.</summary>
    private void AddPanels(List<nint> panels, WeightData weight, PanelLayout layout)
    {
        bool isReady = weight.Layout == WeightLayout.Panels && weight.Type == layout.Type;
        nint data = isReady ? weight.Elements : (nint)Allocate(layout.WordCount * sizeof(float));
        if (!isReady)
        {
            Now(() => Parallel.For(0, layout.Panels, Parallelism, panel => PanelPacking.PackPanel(weight, layout, panel, Address(panel))));
        }

        panels.AddRange(Enumerable.Range(0, layout.Panels).Select(Address));

        nint Address(int panel) => data + (nint)(layout.PanelOffset(panel) * sizeof(float));
    }

    /// <summary>Computes the factors and the scales of the last panels for integers of 16 bits.</summary>
    private void ScaleColumns(List<nint> panels, PanelLayout layout, float* factors, float* scales)
    {
        nint[] added = [.. panels.TakeLast(layout.Panels)];
        Now(() => Parallel.For(0, layout.Panels, Parallelism, panel =>
        {
            int output = layout.PanelOutputs(panel).First;
            PanelColumns.Scale(layout, panel, (float*)added[panel], factors + output, scales + output);
        }));
    }

    /// <summary>Sums the columns of the last panels.</summary>
    private void SumColumns(List<nint> panels, PanelLayout layout, int* sums)
    {
        int first = panels.Count - layout.Panels;
        Parallel.For(0, layout.Panels, Parallelism, panel => PanelColumns.Sum(layout, panel, (sbyte*)panels[first + panel], sums + layout.PanelOutputs(panel).First));
    }

    /// <summary>A copy of a vector, or of one number if there is no vector.</summary>
    private float* Vector(WeightData? values, int size, float otherwise = 0)
    {
        float* vector = AllocateVector(size);
        new Span<float>(vector, size).Fill(otherwise);
        if (values is not null)
        {
            CopyNow(values, vector);
        }

        return vector;
    }

    private void CopyNow(WeightData values, float* vector) => Now(() => values.CopyTo(new Span<float>(vector, values.Rows)));

    /// <summary>Does something now and whenever the values of the weights have changed.</summary>
    private void Now(Action read)
    {
        read();
        _refresh.Add(read);
    }

    private float* AllocateVector(int size)
    {
        int padded = size + PanelLayout.Width;
        var vector = (float*)Allocate((long)padded * sizeof(float));
        new Span<float>(vector, padded).Clear();
        return vector;
    }

    private void* Allocate(long bytes, int alignment = Arena.Alignment)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes, (nuint)alignment);
        _owned.Add((nint)memory);
        return memory;
    }
}
