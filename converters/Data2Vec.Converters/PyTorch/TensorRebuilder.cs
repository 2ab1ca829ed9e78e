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
        if (arguments.Count < fewest || arguments.Count > most)
        {
            throw new InvalidDataException($"{function} is given {arguments.Count} arguments");
        }

        if (arguments[0] is not StorageView view)
        {
            throw new InvalidDataException("a tensor is made of something that is not a tensor storage");
        }

        string name = PickleText.Quote(view.Storage.Key);
        StorageType type = statesType ? StatedType(arguments[6], name) : view.Storage.Type;
        if (type == StorageType.Bytes)
        {
            throw new InvalidDataException($"a tensor in storage '{name}' does not state its number format");
        }

        if (statesType && view.Storage.Type != StorageType.Bytes && view.Storage.Type != type)
        {
            throw new InvalidDataException($"the pickle contradicts itself about the number format of storage '{name}'");
        }

        long[] shape = Sizes(arguments[2], "shape", name, budget);
        long[] strides = Sizes(arguments[3], "strides", name, budget);
        if (arguments[1] is not long offset || offset < 0)
        {
            throw new InvalidDataException($"a tensor in storage '{name}' has an impossible offset");
        }

        if (strides.Length != shape.Length)
        {
            throw new InvalidDataException($"a tensor in storage '{name}' has {shape.Length} sizes but {strides.Length} strides");
        }

        CheckProduct(shape, name);
        long available = view.Count * view.Storage.Type.Size / type.Size;
        CheckBounds(shape, strides, offset, available, name);
        budget.ChargeMemory(192);
        return type.Type is { } readable
            ? new PyTorchTensor(readable, shape, strides, view, type.Size, offset)
            : new PickleObject(function, arguments)
            {
                Remark = $"{type.Name} tensors are not supported; convert it to float32 in PyTorch and save again",
            };
    }

    private static StorageType StatedType(object? type, string name) =>
        (type is PickleGlobal global ? StorageType.OfDataType(global) : null)
        ?? throw new InvalidDataException($"a tensor in storage '{name}' has an unknown number format");

    private static long[] Sizes(object? value, string what, string name, PickleBudget budget)
    {
        if (value is not (PickleTuple or PickleList))
        {
            throw new InvalidDataException($"a tensor in storage '{name}' lacks its {what}");
        }

        var items = (IReadOnlyList<object?>)value;
        if (items.Count > MaxDimensions)
        {
            throw new InvalidDataException($"a tensor in storage '{name}' has {items.Count} dimensions");
        }

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

    // Sizes of zero do not excuse the others: whoever multiplies them in another order must not overflow either.
    private static void CheckProduct(long[] shape, string name)
    {
        long product = 1;
        foreach (long size in shape)
        {
            if (size > 0 && product > long.MaxValue / sizeof(double) / size)
            {
                throw new InvalidDataException($"a tensor in storage '{name}' has more elements than can be counted");
            }

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

        if (end > available)
        {
            throw new InvalidDataException($"a tensor reaches beyond its storage '{name}' of {available} elements");
        }
    }
}
