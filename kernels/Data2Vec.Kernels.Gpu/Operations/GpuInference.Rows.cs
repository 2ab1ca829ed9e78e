using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Gpu;

internal sealed unsafe partial class GpuInference
{
    public override void Copy(Tensor source, Tensor destination)
    {
        OperationShapes.RequireSame(source, destination);
        CopyRows(source, destination);
    }

    public override void LayerNorm(Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation)
    {
        OperationShapes.RequireNorm(x, norm, output, residual);
        if (x.Rows > 0)
        {
            kernels.Normalize(Queue, activationType, Operation(x, norm, output, residual, activation));
        }
    }

    public override void Embed(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output)
    {
        OperationShapes.RequireEmbedding(ids, table, output);
        if (ids.IsEmpty)
        {
            return;
        }

        long mark = Mark();
        nint rows = Workspace.Memory.Allocate((long)ids.Length * sizeof(int));
        Send(MemoryMarshal.Cast<int, float>(ids), rows);
        ((GpuEmbedding)table).Launch(Queue, Workspace.Memory.View(rows, ids.Length).Cast<int>(), View(output), new RowArguments
        {
            Rows = output.Rows,
            Columns = output.Columns,
            OutputStride = output.Stride,
            OutputLayout = Layout(output.Columns, output),
        });
        Release(mark);
    }

    public override void MaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output)
    {
        OperationShapes.RequireMaxPool2d(x, height, width, size, stride, output);
        if (output.Rows > 0)
        {
            kernels.MaxPool(Queue, View(x), View(output), new PoolArguments
            {
                Rows = output.Rows,
                Columns = x.Columns,
                InputStride = x.Stride,
                OutputStride = output.Stride,
                InputLayout = Layout(x.Columns, x),
                OutputLayout = Layout(x.Columns, output),
                Height = height,
                Width = width,
                OutputHeight = (height - size) / stride + 1,
                OutputWidth = (width - size) / stride + 1,
                Size = size,
                Stride = stride,
            });
        }
    }

    public override Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip)
    {
        Tensor means = Allocate(sequences.Count, x.Columns, ElementType.F32);
        if (sequences.Count > 0 && x.Rows > 0)
        {
            kernels.Mean(Queue, View(x), View(sequences), View(means), new RowArguments
            {
                Rows = means.Rows,
                Columns = means.Columns,
                InputStride = x.Stride,
                OutputStride = means.Stride,
                InputLayout = Layout(1, x),
                Skip = skip,
            });
        }

        return means;
    }

    public override void ChannelMoments(Tensor x, Sequences sequences, Tensor moments)
    {
        OperationShapes.RequireChannelMoments(x, sequences, moments);
        if (sequences.Count > 0)
        {
            kernels.ChannelMoments(Queue, View(x), View(sequences), View(moments), new RowArguments
            {
                Rows = moments.Rows,
                Columns = x.Columns,
                InputStride = x.Stride,
                OutputStride = moments.Stride,
                InputLayout = Layout(1, x),
            });
        }
    }

    public override void ChannelNorm(Tensor x, Sequences sequences, Tensor moments, NormWeights norm, Activation activation, Tensor output)
    {
        OperationShapes.RequireChannelNorm(x, sequences, moments, norm, output);
        for (int i = 0; i < sequences.Count; i++)
        {
            if (sequences.Length(i) > 0)
            {
                Tensor rows = x.SliceRows(sequences.Start(i), sequences.Length(i));
                NormOperation operation = Operation(rows, norm, output.SliceRows(sequences.Start(i), sequences.Length(i)), default, activation);
                kernels.ChannelNorm(Queue, operation with { Residual = View(moments.SliceRows(i, 1)) });
            }
        }
    }

    public override void Add(Tensor source, Tensor destination)
    {
        OperationShapes.RequireSame(source, destination);
        if (source.Rows > 0)
        {
            kernels.Add(Queue, View(source), View(destination), RowsOf(source, destination));
        }
    }

    private NormOperation Operation(Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation)
    {
        Tensor added = residual.IsEmpty ? x : residual;
        return new NormOperation(View(x), View(added), ((GpuNorm)norm).Vectors, View(output), new NormArguments
        {
            Rows = x.Rows,
            Columns = x.Columns,
            InputStride = x.Stride,
            ResidualStride = added.Stride,
            OutputStride = output.Stride,
            InputLayout = Layout(x.Columns, x),
            ResidualLayout = Layout(x.Columns, added),
            OutputLayout = Layout(x.Columns, output),
            HasResidual = residual.IsEmpty ? 0 : 1,
            Activation = (int)activation,
            Epsilon = norm.Epsilon,
        });
    }

    /// <summary>The tensor itself, or a copy of another type in working memory.</summary>
    private Tensor As(ElementType type, Tensor x) => x.Type == type ? x : CopyAs(type, x);

    private Tensor CopyAs(ElementType type, Tensor x)
    {
        Tensor copy = AllocateAs(x.Rows, x.Columns, type);
        CopyRows(x, copy);
        return copy;
    }

    private void CopyRows(Tensor source, Tensor destination)
    {
        if (source.Rows > 0)
        {
            kernels.Copy(Queue, View(source), View(destination), RowsOf(source, destination));
        }
    }

    private static RowArguments RowsOf(Tensor source, Tensor destination) => new()
    {
        Rows = source.Rows,
        Columns = source.Columns,
        InputStride = source.Stride,
        OutputStride = destination.Stride,
        InputLayout = Layout(source.Columns, source),
        OutputLayout = Layout(source.Columns, destination),
    };
}
