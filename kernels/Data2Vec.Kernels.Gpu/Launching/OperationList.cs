using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;

namespace Data2Vec.Kernels.Gpu;

/// <summary>
/// Operations in the order that they are queued in, as what tells them from others: kernels, sizes, addresses. Equal lists do the same,
/// with what lies at the addresses then.
/// </summary>
internal sealed class OperationList
{
    private readonly List<object> _operations = [];
    private readonly List<byte> _arguments = [];

    public OperationList()
    {
    }

    private OperationList(OperationList other)
    {
        _operations = [.. other._operations];
        _arguments = [.. other._arguments];
    }

    /// <summary>Begins an operation: a kernel, or the name of what is none.</summary>
    public OperationList Add(object operation)
    {
        _operations.Add(operation);
        return this;
    }

    /// <summary>Adds an argument of the operation: a view of memory as its address and length, something else as its bits, which are to have no gaps.</summary>
    public OperationList AddArgument<T>(T argument)
        where T : struct
    {
        if (argument is IContiguousArrayView view)
        {
            // Nothing is there where nothing is read.
            AddBits(view.Length > 0 ? view.Buffer.NativePtr + view.IndexInBytes : 0);
            AddBits(view.LengthInBytes);
        }
        else
        {
            AddBits(argument);
        }

        return this;
    }

    /// <summary>How many threads run, and what memory they share.</summary>
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

    public OperationList Clone() => new(this);

    /// <summary>Whether the lists are equal.</summary>
    public bool IsSameAs(OperationList other)
    {
        if (other._operations.Count != _operations.Count || !CollectionsMarshal.AsSpan(_arguments).SequenceEqual(CollectionsMarshal.AsSpan(other._arguments)))
        {
            return false;
        }

        for (int i = 0; i < _operations.Count; i++)
        {
            if (!ReferenceEquals(_operations[i], other._operations[i]))
            {
                return false;
            }
        }

        return true;
    }

    private void AddBits<T>(T value)
        where T : struct
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            throw new ArgumentException($"{typeof(T)} is more than its bits.", nameof(value));
        }

        int start = _arguments.Count, size = Unsafe.SizeOf<T>();
        CollectionsMarshal.SetCount(_arguments, start + size);
        Unsafe.WriteUnaligned(ref CollectionsMarshal.AsSpan(_arguments)[start], value);
    }
}
