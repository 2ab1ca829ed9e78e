using System.Numerics;

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
        StorageView view = arguments[0] as StorageView
            ?? throw new InvalidDataException("a tensor is made of something that is not a tensor storage");
        string name = PickleText.Quote(view.Storage.Key);
        NumberFormat type = statesType ? StatedType(arguments[6], name) : view.Storage.Type;
        InvalidData.ThrowIf(type == NumberFormat.Untyped, $"a tensor in storage '{name}' does not state its number format");
        InvalidData.ThrowIf(
            statesType && view.Storage.Type != NumberFormat.Untyped && view.Storage.Type != type,
            $"the pickle contradicts itself about the number format of storage '{name}'");

        long[] shape = Sizes(arguments[2], "shape", name, budget);
        long[] strides = Sizes(arguments[3], "strides", name, budget);
        long offset = arguments[1] is long and >= 0 and var start
            ? start
            : throw new InvalidDataException($"a tensor in storage '{name}' has an impossible offset");
        InvalidData.ThrowIf(strides.Length != shape.Length, $"a tensor in storage '{name}' has {shape.Length} sizes but {strides.Length} strides");
        InvalidData.ThrowIf(
            !CheckpointTensor.CanCount(shape, long.MaxValue / sizeof(double)), $"a tensor in storage '{name}' has more elements than can be counted");
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
        return [.. items.Select(item => item is long and >= 0 and var size
            ? size
            : throw new InvalidDataException($"a tensor in storage '{name}' has impossible {what}"))];
    }

    private static void CheckBounds(long[] shape, long[] strides, long offset, long available, string name)
    {
        BigInteger end = offset;
        if (!shape.Contains(0))
        {
            end = shape.Zip(strides).Aggregate(end + 1, (sum, dimension) => sum + ((BigInteger)(dimension.First - 1) * dimension.Second));
        }

        InvalidData.ThrowIf(end > available, $"a tensor reaches beyond its storage '{name}' of {available} elements");
    }
}
