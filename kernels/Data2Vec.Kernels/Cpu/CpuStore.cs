using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Weights as panels: mapped ones as they are, others packed into memory of its own.</summary>
internal sealed unsafe class CpuStore(CpuLevel level, ThreadTeam team) : WeightStore
{
    private readonly List<nint> _owned = [];
    private readonly ConcurrentBag<HostArena> _idle = [];
    private volatile bool _disposed;

    public override int PreferredBatchRows => 2048;

    public override int PreferredConvolutionRows => 6400;

    /// <summary>Whether some products run on units of bf16 or bytes: those of attention then run on bf16 too.</summary>
    public bool UsesDots { get; private set; }

    private ParallelOptions Parallelism => new() { MaxDegreeOfParallelism = team.Threads };

    public override LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale)
    {
        (int inputs, int outputs) = Shapes.OfLinear(parts, scale);
        foreach ((WeightData weight, _) in parts)
        {
            if (parts.Length > 1 && weight.Rows % PanelLayout.Width != 0)
            {
                return Joined(parts, scale);
            }
        }

        return new CpuLinear(inputs, outputs, Matrix(parts, inputs, 1, 1, scale is null ? 0 : (nint)Vector(scale.ToArray())));
    }

    public override Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape)
    {
        Shapes.RequireConvolution(weight, bias, shape);
        int channels = shape.InputChannels / shape.Groups;
        return new CpuConv1d(shape, Matrix([(weight, bias)], channels, shape.Kernel, shape.Groups, 0));
    }

    public override Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape)
    {
        Shapes.RequireConvolution(weight, bias, shape);
        return new CpuConv2d(shape, Matrix([(weight, bias)], shape.InputChannels, shape.Kernel * shape.Kernel, 1, 0));
    }

    public override NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon)
    {
        Shapes.RequireVector(weight, size);
        Shapes.RequireVector(bias, size);
        float[] gain = weight?.ToArray() ?? [.. Enumerable.Repeat(1f, size)];
        return new CpuNorm(new NormValues(size, epsilon, Vector(gain), Vector(bias?.ToArray() ?? new float[size])));
    }

    public override EmbeddingWeights Embedding(WeightData table) => new CpuEmbedding(table);

    public override Tensor Constant(ReadOnlySpan<float> values, int rows, int columns)
    {
        int stride = CpuLayout.Stride(columns);
        var tensor = new Tensor((nint)AllocateVector(checked(rows * stride)), rows, columns, stride);
        for (int row = 0; row < rows; row++)
        {
            values.Slice(row * columns, columns).CopyTo(new Span<float>(tensor.Row(row), columns));
        }

        return tensor;
    }

    public override Inference Begin()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        HostArena memory = _idle.TryTake(out HostArena? idle) ? idle : new HostArena();
        return level switch
        {
            CpuLevel.Avx512Dot or CpuLevel.Avx512 => new CpuInference<Simd512, Vector512<float>>(this, memory, team),
            CpuLevel.Avx2 => new CpuInference<Simd256, Vector256<float>>(this, memory, team),
            _ => new CpuInference<Simd128, Vector128<float>>(this, memory, team),
        };
    }

    /// <summary>Takes the memory of an inference back that is done.</summary>
    public void Return(HostArena memory)
    {
        if (_idle.Count >= team.Threads)
        {
            // A burst of callers is over: only as many keep their memory as can run at once.
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

    /// <summary>Parts whose outputs do not fill whole panels are copied together by rows and packed as one.</summary>
    private CpuLinear Joined(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale)
    {
        int inputs = parts[0].Weight.RowSize;
        var rows = new List<float>();
        var biases = new List<float>();
        foreach ((WeightData weight, WeightData? bias) in parts)
        {
            rows.AddRange(weight.ToArray());
            biases.AddRange(bias?.ToArray() ?? new float[weight.Rows]);
        }

        fixed (float* data = CollectionsMarshal.AsSpan(rows))
        {
            var joined = new WeightData((nint)data, ElementType.F32, WeightLayout.Rows, [biases.Count, inputs]);
            fixed (float* offsets = CollectionsMarshal.AsSpan(biases))
            {
                var bias = new WeightData((nint)offsets, ElementType.F32, WeightLayout.Rows, [biases.Count]);
                return new CpuLinear(inputs, biases.Count, Matrix([(joined, bias)], inputs, 1, 1, scale is null ? 0 : (nint)Vector(scale.ToArray())));
            }
        }
    }

    /// <summary>The right side of a product, in the format that runs best of those that the weights fit.</summary>
    /// <param name="parts">Weights whose outputs follow one another.</param>
    /// <param name="channels">Numbers of an input row that one output of a group sees.</param>
    /// <param name="taps">Input rows that an output sees.</param>
    /// <param name="groups">Groups of outputs.</param>
    /// <param name="scale">Multiplies the outputs; or null.</param>
    private PanelMatrix Matrix(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, int channels, int taps, int groups, nint scale)
    {
        ElementType type = Format(parts, channels);
        UsesDots |= type != ElementType.F32;
        bool isScaled = type != ElementType.F32 && parts[0].Weight.Type == ElementType.I8;
        int outputs = 0;
        foreach ((WeightData weight, _) in parts)
        {
            outputs += weight.Rows;
        }

        float* biases = AllocateVector(outputs), columnScale = isScaled ? AllocateVector(outputs) : null;
        int* columnSums = type == ElementType.I8 ? (int*)AllocateVector(outputs) : null;
        var panels = new List<nint>();
        int at = 0;
        foreach ((WeightData weight, WeightData? bias) in parts)
        {
            int groupOutputs = weight.Rows / groups;
            nint[] added = AddPanels(panels, weight, type, groupOutputs, channels, taps, groups);
            if (columnSums != null)
            {
                int* sums = columnSums + at;
                Parallel.For(0, added.Length, Parallelism, panel => CpuPanels.SumColumns(
                    (sbyte*)added[panel],
                    PanelLayout.Units(type, channels),
                    PanelLayout.PanelWidth(groupOutputs, panel * PanelLayout.Width),
                    new Span<int>(sums + panel * PanelLayout.Width, Math.Min(PanelLayout.Width, groupOutputs - panel * PanelLayout.Width))));
            }

            bias?.ToArray().CopyTo(new Span<float>(biases + at, weight.Rows));
            for (int row = 0; isScaled && row < weight.Rows; row++)
            {
                columnScale[at + row] = weight.Int8Scale(row);
            }

            at += weight.Rows;
        }

        return new PanelMatrix((nint)Keep(panels), panels.Count / groups, outputs / groups, groups, taps, PanelLayout.Units(type, channels), (nint)biases, scale)
        {
            Type = type,
            ColumnScale = (nint)columnScale,
            ColumnSums = (nint)columnSums,
        };
    }

    /// <summary>The format of units that all parts fit, or F32.</summary>
    private ElementType Format(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, int channels)
    {
        ElementType? type = level == CpuLevel.Avx512Dot ? CpuPanels.DotTypeFor(parts[0].Weight, channels) : null;
        foreach ((WeightData weight, _) in parts)
        {
            if (CpuPanels.DotTypeFor(weight, channels) != type)
            {
                return ElementType.F32;
            }
        }

        return type ?? ElementType.F32;
    }

    /// <summary>Adds a weight's panels: those of the file where it has them in this format, otherwise packed ones.</summary>
    private nint[] AddPanels(List<nint> panels, WeightData weight, ElementType type, int groupOutputs, int channels, int taps, int groups)
    {
        int depth = taps * PanelLayout.Units(type, channels), panelsOfGroup = PanelLayout.Panels(groupOutputs);
        long groupBytes = PanelLayout.Size(groupOutputs, depth) * sizeof(float);
        bool isReady = weight.Layout == WeightLayout.Panels && weight.Type == type;
        nint data = isReady ? weight.Numbers : (nint)Allocate(groupBytes * groups);
        nint[] added =
        [
            .. Enumerable.Range(0, panelsOfGroup * groups).Select(panel => data
                + (nint)(panel / panelsOfGroup * groupBytes + PanelLayout.PanelOffset(depth, panel % panelsOfGroup * PanelLayout.Width) * sizeof(float))),
        ];
        panels.AddRange(added);
        if (!isReady)
        {
            Parallel.For(0, added.Length, Parallelism, panel =>
            {
                int first = panel % panelsOfGroup * PanelLayout.Width;
                int width = PanelLayout.PanelWidth(groupOutputs, first), rows = Math.Min(width, groupOutputs - first);
                int row = panel / panelsOfGroup * groupOutputs + first;
                new Span<byte>((void*)added[panel], checked(width * depth * sizeof(float))).Clear();
                CpuPanels.Fill(weight, type, row, rows, width, channels, taps, (void*)added[panel]);
            });
        }

        return added;
    }

    private nint* Keep(List<nint> panels)
    {
        var kept = (nint*)Allocate((long)panels.Count * sizeof(nint));
        CollectionsMarshal.AsSpan(panels).CopyTo(new Span<nint>(kept, panels.Count));
        return kept;
    }

    private float* Vector(float[] values)
    {
        float* vector = AllocateVector(values.Length);
        values.CopyTo(new Span<float>(vector, values.Length));
        return vector;
    }

    private float* AllocateVector(int size)
    {
        int padded = size + PanelLayout.Width;
        var vector = (float*)Allocate((long)padded * sizeof(float));
        new Span<float>(vector, padded).Clear();
        return vector;
    }

    private void* Allocate(long bytes)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes, Arena.Alignment);
        _owned.Add((nint)memory);
        return memory;
    }
}
