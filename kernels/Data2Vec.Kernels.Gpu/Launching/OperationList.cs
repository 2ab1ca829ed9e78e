using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Operations in order, with everything that identifies them: kernels, sizes, addresses. Equal lists do the same with the data at those addresses.
/// </summary>
internal sealed class OperationList
{
    private List<object> _operations = [];
    private List<byte> _arguments = [];

    /// <summary>Starts an operation: a kernel, or the name of something else.</summary>
    public OperationList Add(object operation)
    {
        _operations.Add(operation);
        return this;
    }

    /// <summary>Adds an argument: a view as its address and length, any other struct as its bits, which must have no padding.</summary>
    public OperationList AddArgument<T>(T argument)
    {
        if (argument is IContiguousArrayView view)
        {
            AddBits(view.Length > 0 ? view.Buffer.NativePtr + view.IndexInBytes : 0);
            AddBits(view.LengthInBytes);
        }
        else
        {
            AddBits(argument);
        }

        return this;
    }

    /// <summary>Adds the numbers of threads and the size of shared memory.</summary>
    public OperationList AddArgument(KernelConfig config)
    {
        AddBits(config.GridDim.X);
        AddBits(config.GridDim.Y);
        AddBits(config.GridDim.Z);
        AddBits(config.GroupDim.X);
        AddBits(config.GroupDim.Y);
        AddBits(config.GroupDim.Z);
        AddBits(config.SharedMemoryConfig.ArraySize);
        return this;
    }

    public void Clear()
    {
        _operations.Clear();
        _arguments.Clear();
    }

    public OperationList Clone() => new() { _operations = [.. _operations], _arguments = [.. _arguments] };

    /// <summary>Whether two lists are equal.</summary>
    public bool IsSameAs(OperationList other) =>
        CollectionsMarshal.AsSpan(_arguments).SequenceEqual(CollectionsMarshal.AsSpan(other._arguments))
        && _operations.SequenceEqual(other._operations, ReferenceEqualityComparer.Instance);

    private void AddBits<T>(T value)
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            throw new ArgumentException($"{typeof(T)} contains references.", nameof(value));
        }

        int start = _arguments.Count, size = Unsafe.SizeOf<T>();
        CollectionsMarshal.SetCount(_arguments, start + size);
        Unsafe.WriteUnaligned(ref CollectionsMarshal.AsSpan(_arguments)[start], value);
    }
}
