namespace Data2Vec.Kernels.Gpu;

internal sealed unsafe partial class GpuInference
{
    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output)
    {
        OperationShapes.RequireAttention(query, key, value, sequences, heads, kernels.MaxHeadSize, output);
        OperationShapes.RequireAttentionBias(query, heads, bias);
        int longest = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            longest = Math.Max(longest, sequences.Length(i));
        }

        if (longest == 0)
        {
            return;
        }

        // A single key has weight 1, whatever its bias.
        (int kind, Tensor added) = !bias.Table.IsEmpty ? (AttentionKernel.TableBias, bias.Table)
            : !bias.Slopes.IsEmpty ? (AttentionKernel.SlopeBias, bias.Slopes)
            : !bias.Distances.IsEmpty ? (AttentionKernel.DistanceBias, bias.Distances)
            : (AttentionKernel.NoBias, query);
        var arguments = new AttentionArguments
        {
            HeadSize = query.Columns / heads,
            Scale = scale,
            Bias = longest == 1 ? AttentionKernel.NoBias : kind,
            BiasStride = added.Stride,
            Reach = bias.Distances.Columns / 2,
            GateStride = bias.Gates.Stride,
            HasGates = bias.Gates.IsEmpty ? 0 : 1,
        };
        if (CanUseTensorCores(query, key, value, output, added, arguments))
        {
            kernels.TensorAttention(Queue, activationType, new AttentionOperation<long>(
                Address(query), Address(key), Address(value), View(added), Address(output), View(sequences), longest, heads,
                WithStrides(arguments, query, key, value, output)));
            return;
        }

        long mark = Mark();
        Tensor q = As(ElementType.F32, query), k = As(ElementType.F32, key), v = As(ElementType.F32, value);
        Tensor attended = output.Type == ElementType.F32 ? output : AllocateAs(output.Rows, output.Columns, ElementType.F32);
        int size = arguments.HeadSize;
        arguments.Aligned = Aligned4(size, q) & Aligned4(size, k) & Aligned4(size, v) & Aligned4(size, attended);
        kernels.Attention(Queue, new AttentionOperation<ArrayView<float>>(
            View(q), View(k), View(v), View(added), View(attended), View(sequences), longest, heads, WithStrides(arguments, q, k, v, attended))
        {
            Gates = View(bias.Gates.IsEmpty ? q : bias.Gates),
        });
        if (attended != output)
        {
            CopyRows(attended, output);
        }

        Release(mark);
    }

    public override void AttentionGates(Tensor x, Tensor weights, Tensor scales, Tensor output)
    {
        OperationShapes.RequireAttentionGates(x, weights, scales, output);
        if (x.Rows > 0)
        {
            kernels.AttentionGates(Queue, View(x), View(weights), View(scales), View(output), new GateArguments
            {
                Rows = x.Rows,
                Heads = scales.Columns,
                Size = weights.Columns - 1,
                InputStride = x.Stride,
                WeightStride = weights.Stride,
                OutputStride = output.Stride,
                InputLayout = Layout(weights.Columns - 1, x),
            });
        }
    }

    /// <summary>Whether types, sizes, alignment and the kind of bias suit the tensor core kernels. Those have no bias by distance.</summary>
    private bool CanUseTensorCores(Tensor query, Tensor key, Tensor value, Tensor output, Tensor bias, AttentionArguments arguments)
    {
        bool hasTable = arguments.Bias == AttentionKernel.TableBias;

        // In f16, the power of two in the scale must be a normal number and must not increase queries.
        return arguments.Bias != AttentionKernel.DistanceBias && arguments.Scale > 0 && (activationType != ElementType.F16 || arguments.Scale is >= 6.2e-5f and <= 1)
            && (bias.Stride % 2 == 0 || !hasTable)
            && Array.TrueForAll([query, key, value, output], x => IsAligned8(arguments.HeadSize, x))
            && arguments.HeadSize <= kernels.MaxTensorHeadSize(activationType, hasTable);
    }

    private static AttentionArguments WithStrides(AttentionArguments arguments, Tensor query, Tensor key, Tensor value, Tensor output) => arguments with
    {
        QueryStride = query.Stride,
        KeyStride = key.Stride,
        ValueStride = value.Stride,
        OutputStride = output.Stride,
    };
}
