using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
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

    /// <summary>The format of the products of attention: BF16 if the weights are not of a higher precision and the processor is faster so.</summary>
    public ElementType AttentionType { get; private set; } = ElementType.F32;

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
            Type = ElementType.F32,
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
        (ElementType type, ElementType storage) = Formats(parts, channels);
        if (type != ElementType.F32 && level == CpuLevel.Avx512Dot)
        {
            AttentionType = ElementType.BF16;
        }

        bool isQuantized = storage != ElementType.F32 && parts[0].Weight.Type == ElementType.I8;
        int outputs = 0;
        foreach ((WeightData weight, _) in parts)
        {
            outputs += weight.Rows;
        }

        float* biases = AllocateVector(outputs), columnScales = isQuantized ? AllocateVector(outputs) : null;
        int* columnSums = type == ElementType.I8 ? (int*)AllocateVector(outputs) : null;
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
            Depth = PanelLayout.Words(type, channels),
            Bias = biases,
            Scale = scale,
            ColumnScales = columnScales,
            ColumnSums = columnSums,
        };
    }

    /// <summary>The format of a product and that of its panels, which all parts share; F32 if they differ.</summary>
    private (ElementType Type, ElementType Storage) Formats(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, int channels)
    {
        (ElementType Type, ElementType Storage) formats = Formats(parts[0].Weight, channels);
        foreach ((WeightData weight, _) in parts)
        {
            if (Formats(weight, channels) != formats)
            {
                return (ElementType.F32, ElementType.F32);
            }
        }

        return formats;
    }

    /// <summary>
    /// The fastest format of a product with a weight, and that of its panels. Linear layers are padded to whole words; the channels of a convolution
    /// must fill them.
    /// </summary>
    private (ElementType Type, ElementType Storage) Formats(WeightData weight, int channels) => weight.Type switch
    {
        // Rows of one number are not padded to a vector.
        ElementType.I8 when weight.Shape.Count == 2 && channels > 1 && level >= CpuLevel.Avx512Vnni => (ElementType.I8, ElementType.I8),

        // The whole numbers of i8 are exact in bf16. Bytes would need one scale for all rows of the input that an output reads.
        ElementType.I8 or ElementType.BF16 when level == CpuLevel.Avx512Dot && FillsWords(weight, ElementType.BF16, channels) => (ElementType.BF16, ElementType.BF16),
        _ => (ElementType.F32, FillsWords(weight, weight.Type, channels) ? weight.Type : ElementType.F32),
    };

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

    /// <summary>Sums the columns of the last panels.</summary>
    private void SumColumns(List<nint> panels, PanelLayout layout, int* sums)
    {
        int first = panels.Count - layout.Panels;
        Parallel.For(0, layout.Panels, Parallelism, panel =>
        {
            (int output, int count) = layout.PanelOutputs(panel);
            SumColumns((sbyte*)panels[first + panel], layout.Depth, layout.PanelWidth(panel), new Span<int>(sums + output, count));
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumColumns(sbyte* panel, int depth, int width, Span<int> sums)
    {
        sums.Clear();
        for (int word = 0; word < depth; word++, panel += 4 * width)
        {
            for (int column = 0; column < sums.Length; column++)
            {
                sbyte* four = panel + 4 * column;
                sums[column] += four[0] + four[1] + four[2] + four[3];
            }
        }
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
