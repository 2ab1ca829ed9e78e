namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// Makes tensors of the arguments of PyTorch's rebuilding functions:
/// (storage, offset, size, stride, requires_grad, hooks, number format, metadata), of which older ones have fewer.
/// </summary>
internal static class TensorRebuilder
{
    private const int MaxDimensions = 64;

    public static object Rebuild(PickleGlobal function, PickleTuple arguments, PickleBudget budget)
    {
        (int fewest, int most, bool statesType) = function.Name switch
        {
            "_rebuild_tensor" => (4, 4, false),
            "_rebuild_tensor_v2" => (6, 7, false),
            _ => (7, 8, true),
        };
        InvalidData.ThrowIf(arguments.Count < fewest || arguments.Count > most, $"{function} is given {arguments.Count} arguments");

        if (arguments[0] is not StorageView view)
        {
            throw new InvalidDataException("a tensor is made of something that is not a tensor storage");
        }

        string name = PickleText.Quote(view.Storage.Key);
        NumberFormat type = statesType ? StatedType(arguments[6], name) : view.Storage.Type;
        InvalidData.ThrowIf(type == NumberFormat.Untyped, $"a tensor in storage '{name}' does not state its number format");
        InvalidData.ThrowIf(
            statesType && view.Storage.Type != NumberFormat.Untyped && view.Storage.Type != type,
            $"the pickle contradicts itself about the number format of storage '{name}'");

        long[] shape = Sizes(arguments[2], "shape", name, budget);
        long[] strides = Sizes(arguments[3], "strides", name, budget);
        if (arguments[1] is not long offset || offset < 0)
        {
            throw new InvalidDataException($"a tensor in storage '{name}' has an impossible offset");
        }

        InvalidData.ThrowIf(strides.Length != shape.Length, $"a tensor in storage '{name}' has {shape.Length} sizes but {strides.Length} strides");

        CheckProduct(shape, name);
        long available = view.Count * view.Storage.Type.Bytes / type.Bytes;
        CheckBounds(shape, strides, offset, available, name);
        budget.ChargeMemory(192);
        return type.Type != CheckpointType.Other
            ? new PyTorchTensor(type.Type, shape, strides, view, type.Bytes, offset)
            : new PickleObject(function, arguments)
            {
                Remark = $"{type.Name} tensors are not supported; convert it to float32 in PyTorch and save again",
            };
    }

    private static NumberFormat StatedType(object? type, string name) =>
        (type is PickleGlobal { Module: "torch" } global ? NumberFormat.FromDataType(global.Name) : null)
        ?? throw new InvalidDataException($"a tensor in storage '{name}' has an unknown number format");

    private static long[] Sizes(object? value, string what, string name, PickleBudget budget)
    {
        InvalidData.ThrowIf(value is not (PickleTuple or PickleList), $"a tensor in storage '{name}' lacks its {what}");

        var items = (IReadOnlyList<object?>)value;
        InvalidData.ThrowIf(items.Count > MaxDimensions, $"a tensor in storage '{name}' has {items.Count} dimensions");

        budget.ChargeMemory(24 + (8 * items.Count));
        long[] sizes = new long[items.Count];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = items[i] is long and >= 0 and var size
                ? size
                : throw new InvalidDataException($"a tensor in storage '{name}' has impossible {what}");
        }

        return sizes;
    }

    // Zero sizes are skipped, so that no order of multiplication overflows.
    private static void CheckProduct(long[] shape, string name)
    {
        long product = 1;
        foreach (long size in shape)
        {
            InvalidData.ThrowIf(
                size > 0 && product > long.MaxValue / sizeof(double) / size,
                $"a tensor in storage '{name}' has more elements than can be counted");

            product *= Math.Max(size, 1);
        }
    }

    private static void CheckBounds(long[] shape, long[] strides, long offset, long available, string name)
    {
        bool empty = shape.Contains(0);
        Int128 end = offset;
        for (int i = 0; i < shape.Length && end <= available; i++)
        {
            if (!empty)
            {
                end += (Int128)(shape[i] - 1) * strides[i];
            }
        }

        if (!empty)
        {
            end++;
        }

        InvalidData.ThrowIf(end > available, $"a tensor reaches beyond its storage '{name}' of {available} elements");
    }
}
