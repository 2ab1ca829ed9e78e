using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Gpu;

/// <summary>Weights in device memory, in their stored number format.</summary>
internal sealed unsafe class GpuStore(GpuContext context) : WeightStore
{
    /// <summary>Constants have addresses from here on: the number of a constant and the byte offset in it, as in <see cref="DeviceArena"/>.</summary>
    private static readonly nint s_firstConstant = unchecked((nint)(1L << 62));

    private readonly List<MemoryBuffer> _owned = [];
    private readonly List<MemoryBuffer1D<float, Stride1D.Dense>> _constants = [];
    private readonly List<GpuMatrix> _matrices = [];
    private readonly HashSet<int> _normed = [];
    private readonly GpuKernels _kernels = new(context);
    private bool _hasTables;
    private ElementType? _activationType;
    private volatile bool _disposed;

    public override int PreferredBatchRows => 8192;

    public override int ConcurrentInferences => 3;

    /// <summary>With 512 channels, the longest layer's result has 128 MiB.</summary>
    public override int PreferredConvolutionRows => 65536;

    public override LinearWeights Linear(ReadOnlySpan<(WeightData Weight, WeightData? Bias)> parts, WeightData? scale)
    {
        (int inputs, int outputs) = OperationShapes.RequireLinearWeights(parts, scale);
        return new GpuLinear(inputs, outputs, Matrix<DenseRows>(parts.ToArray(), scale, inputs, 1, 1));
    }

    public override Conv1dWeights Conv1d(WeightData weight, WeightData? bias, Conv1dShape shape)
    {
        OperationShapes.RequireConvolutionWeights(weight, bias, shape);
        return new GpuConv1d(shape, Matrix<Conv1dRows>([(weight, bias)], null, shape.InputChannels / shape.Groups, shape.Kernel, shape.Groups));
    }

    public override Conv2dWeights Conv2d(WeightData weight, WeightData? bias, Conv2dShape shape)
    {
        OperationShapes.RequireConvolutionWeights(weight, bias, shape);
        return new GpuConv2d(shape, Matrix<Conv2dRows>([(weight, bias)], null, shape.InputChannels, shape.Kernel * shape.Kernel, 1));
    }

    public override NormWeights Norm(WeightData? weight, WeightData? bias, int size, float epsilon)
    {
        OperationShapes.RequireVector(weight, size);
        OperationShapes.RequireVector(bias, size);
        _normed.Add(size);
        float[] vectors = [.. weight?.ToArray() ?? [.. Enumerable.Repeat(1f, size)], .. bias?.ToArray() ?? new float[size]];
        return new GpuNorm(size, epsilon, Upload(vectors));
    }

    public override EmbeddingWeights Embedding(WeightData table) => table.Type switch
    {
        ElementType.F16 => Embedding<ushort, Packed4Float16<Float16Format>>(table),
        ElementType.BF16 => Embedding<ushort, Packed4Float16<BFloat16Format>>(table),
        ElementType.I8 => Embedding<sbyte, Packed4Int8>(table),
        _ => Embedding<float, Float4>(table),
    };

    public override Tensor Constant(ReadOnlySpan<float> values, int rows, int columns)
    {
        int stride = DeviceArena.Stride(columns);
        var padded = new float[checked(rows * stride)];
        for (int row = 0; row < rows; row++)
        {
            values.Slice(row * columns, columns).CopyTo(padded.AsSpan(row * stride));
        }

        nint address = s_firstConstant + ((nint)_constants.Count << DeviceArena.OffsetBits);
        _constants.Add(Upload(padded));
        return new Tensor(address, rows, columns, stride);
    }

    public override Tensor AttentionTable(ReadOnlySpan<float> values, int rows, int columns)
    {
        _hasTables = true;
        return Constant(values, rows, columns);
    }

    /// <summary>Whether an address is that of a constant.</summary>
    public static bool IsConstant(nint address) => address >= s_firstConstant;

    /// <summary>The memory of a constant.</summary>
    public ArrayView<float> View(nint address, long count) =>
        DeviceArena.View(_constants[(int)((address - s_firstConstant) >> DeviceArena.OffsetBits)].View, address, count);

    public override void Complete()
    {
        _kernels.RequestTensorKernels(ActivationType, _normed, _matrices.Exists(matrix => matrix.IsOnTensorCores), _hasTables);
        context.Kernels.Complete();
    }

    public override Inference Begin()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Workspace workspace = context.Workspaces.Rent();
        workspace.Queue.Begin();
        return new GpuInference(this, workspace, _kernels, ActivationType);
    }

    /// <summary>The 16-bit type of the weights if all products run on tensor cores, which round their inputs to it anyway; else f32.</summary>
    private ElementType ActivationType => _activationType ??= context.Options.ActivationType
        ?? Array.Find([ElementType.BF16, ElementType.F16], type => _matrices.Count > 0 && _matrices.TrueForAll(matrix => matrix.SupportsActivations(type)));

    /// <summary>Returns a finished inference's memory to the pool.</summary>
    public void Return(Workspace workspace)
    {
        context.Workspaces.Return(workspace);
        if (_disposed)
        {
            context.Workspaces.Free();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        context.Workspaces.Free();
        _owned.ForEach(context.Memory.Release);
        _owned.Clear();
    }

    private GpuMatrix Matrix<TRows>((WeightData Weight, WeightData? Bias)[] parts, WeightData? scale, int channels, int taps, int groups)
        where TRows : struct, IMatrixRows
    {
        ElementType type = parts[0].Weight.Type;
        return (parts.All(part => part.Weight.Type == type) ? type : ElementType.F32) switch
        {
            ElementType.F16 => Matrix<TRows, ushort, Packed4Float16<Float16Format>>(parts, scale, channels, taps, groups),
            ElementType.BF16 => Matrix<TRows, ushort, Packed4Float16<BFloat16Format>>(parts, scale, channels, taps, groups),
            ElementType.I8 => Matrix<TRows, sbyte, Packed4Int8>(parts, scale, channels, taps, groups),
            _ => Matrix<TRows, float, Float4>(parts, scale, channels, taps, groups),
        };
    }

    /// <summary>Uploads the right side of a product: for each group <c>[taps * channels, outputs]</c>.</summary>
    private GpuMatrix<TRows, TWeight> Matrix<TRows, T, TWeight>(
        (WeightData Weight, WeightData? Bias)[] parts, WeightData? scale, int channels, int taps, int groups)
        where TRows : struct, IMatrixRows
        where T : unmanaged
        where TWeight : unmanaged, IPacked4
    {
        int outputs = parts.Sum(part => part.Weight.Rows), columns = outputs / groups, depth = channels * taps;
        // Rows of all formats are padded to chunks of tensor core kernels.
        int pitch = Pad(columns, TensorKernel.Chunk), vectorPitch = Pad(outputs);
        bool rounds = TWeight.Type == ElementType.F32 && TensorVariant.IsSupported<TWeight>(context) && channels % TensorKernel.ChunkOf<TWeight>() == 0;
        var weights = new T[checked(groups * depth * pitch)];
        var vectors = new float[3 * vectorPitch];
        vectors.AsSpan().Fill(1f);
        int first = 0;
        foreach ((WeightData weight, WeightData? bias) in parts)
        {
            int start = first;
            Parallel.For(0, weight.Rows, () => new T[depth], (row, _, numbers) =>
            {
                Read(weight, row, numbers);
                if (rounds)
                {
                    RoundToTf32(MemoryMarshal.Cast<T, uint>(numbers.AsSpan()));
                }

                int group = (start + row) / columns, column = (start + row) % columns;
                for (int i = 0; i < depth; i++)
                {
                    weights[(group * depth + i % taps * channels + i / taps) * pitch + column] = numbers[i];
                }

                if (typeof(T) == typeof(sbyte))
                {
                    vectors[start + row] = weight.Int8Scale(row);
                }

                return numbers;
            }, _ => { });
            (bias?.ToArray() ?? new float[weight.Rows]).CopyTo(vectors, vectorPitch + start);
            first += weight.Rows;
        }

        scale?.ToArray().CopyTo(vectors, 2 * vectorPitch);
        var matrix = new GpuMatrix<TRows, TWeight>(context, Upload<T, TWeight>(weights), Upload(vectors))
        {
            Depth = depth,
            Channels = channels,
            Columns = columns,
            Groups = groups,
            HasScale = scale is not null,
        };
        _matrices.Add(matrix);
        _activationType = null;
        return matrix;
    }

    private GpuEmbedding<TWeight> Embedding<T, TWeight>(WeightData table)
        where T : unmanaged
        where TWeight : unmanaged, IPacked4
    {
        int rows = table.Rows, columns = table.RowSize, pitch = Pad(columns);
        var vectors = new T[checked(rows * pitch)];
        var factors = new float[rows];
        for (int row = 0; row < rows; row++)
        {
            Read(table, row, vectors.AsSpan(row * pitch, columns));
            factors[row] = typeof(T) == typeof(sbyte) ? table.Int8Scale(row) : 1f;
        }

        return new GpuEmbedding<TWeight>(context, columns, Upload<T, TWeight>(vectors), Upload(factors));
    }

    /// <summary>Rounds to the nearest tf32, ties away from zero, as <c>cvt.rna.tf32</c> does.</summary>
    internal static void RoundToTf32(Span<uint> floats)
    {
        foreach (ref uint bits in floats)
        {
            bits = (bits & 0x7F800000) == 0x7F800000 ? bits : (bits + 0x1000) & 0xFFFFE000;
        }
    }

    /// <summary>Reads a row in its stored format, or as floats.</summary>
    private static void Read<T>(WeightData weight, int row, Span<T> destination)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            weight.ReadRow(row, MemoryMarshal.Cast<T, float>(destination));
        }
        else
        {
            weight.ReadStored(row, destination);
        }
    }

    /// <summary>The number filled up to float4s, or to other parts.</summary>
    private static int Pad(int count, int multiple = 4) => (count + multiple - 1) / multiple * multiple;

    private MemoryBuffer1D<float, Stride1D.Dense> Upload(float[] values) => Upload<float, float>(values);

    private MemoryBuffer1D<TWeight, Stride1D.Dense> Upload<T, TWeight>(T[] values)
        where T : unmanaged
        where TWeight : unmanaged
    {
        MemoryBuffer1D<TWeight, Stride1D.Dense> buffer = context.Memory.Allocate<TWeight>((long)values.Length * sizeof(T) / sizeof(TWeight));
        _owned.Add(buffer);
        if (values.Length > 0)
        {
            // The copy is asynchronous: the array must stay pinned, and no other stream may read the buffer before it ends.
            fixed (T* data = values)
            {
                TWeight* source = (TWeight*)data;
                context.Accelerator.Run(() =>
                {
                    buffer.View.CopyFromCPU(ref *source, buffer.Length);
                    context.Accelerator.DefaultStream.Synchronize();
                });
            }
        }

        return buffer;
    }
}
