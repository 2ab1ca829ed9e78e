using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Data2Vec.Converters.Exports;

/// <summary>Writes pickles of protocol 2 as <c>torch.save</c> does: plain values, ordered dictionaries and tensors.</summary>
internal sealed class PickleWriter
{
    private const byte Protocol = 0x80, NewTrue = 0x88, NewFalse = 0x89, NewObject = 0x81, Long1 = 0x8a;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<TorchTensor> _storages = [];

    /// <summary>Writes a value.</summary>
    /// <returns>The pickle, and the tensors in the order of their storages.</returns>
    /// <exception cref="ArgumentException">There is a value of a type that is not supported.</exception>
    public static (byte[] Pickle, IReadOnlyList<TorchTensor> Storages) Write(object? root)
    {
        var writer = new PickleWriter();
        writer.Bytes(Protocol, 2);
        writer.Value(root);
        writer.Op('.');
        return (writer._bytes.WrittenSpan.ToArray(), writer._storages);
    }

    private void Value(object? value)
    {
        switch (value)
        {
            case null: Op('N'); break;
            case bool flag: Bytes(flag ? NewTrue : NewFalse); break;
            case int or long: Integer(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case double number: Number(number); break;
            case string text: Text(text); break;
            case TorchTensor tensor: Tensor(tensor); break;
            case OrderedDictionary ordered: Ordered(ordered.Entries); break;
            case PickleObject instance: Object(instance); break;
            case PickleDictionary dictionary: Op('}'); Entries(dictionary); break;
            case PickleTuple tuple: Tuple([.. tuple]); break;
            case PickleList list: List(list); break;
            default: throw new ArgumentException($"a {value.GetType().Name} cannot be pickled", nameof(value));
        }
    }

    private void Integer(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Op('J');
            _bytes.Write(bytes[..sizeof(int)]);
        }
        else
        {
            Bytes(Long1, sizeof(long));
            _bytes.Write(bytes);
        }
    }

    private void Number(double value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        Op('G');
        _bytes.Write(bytes);
    }

    private void Text(string value)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(value);
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)utf8.Length);
        Op('X');
        _bytes.Write(length);
        _bytes.Write(utf8);
    }

    private void Tuple(params object?[] items)
    {
        Op('(');
        Array.ForEach(items, Value);
        Op('t');
    }

    private void List(PickleList list)
    {
        Op(']');
        Op('(');
        foreach (object? item in list)
        {
            Value(item);
        }

        Op('e');
    }

    private void Entries(PickleDictionary entries)
    {
        Op('(');
        foreach ((object? key, object? value) in entries)
        {
            Value(key);
            Value(value);
        }

        Op('u');
    }

    private void Ordered(PickleDictionary? entries)
    {
        Global("collections", "OrderedDict");
        Op(')');
        Op('R');
        if (entries is not null)
        {
            Entries(entries);
        }
    }

    // As the class called without arguments, then its attributes.
    private void Object(PickleObject instance)
    {
        Global(instance.Module, instance.Name);
        Op(')');
        Bytes(NewObject);
        Value(instance.State);
        Op('b');
    }

    private void Tensor(TorchTensor tensor)
    {
        string key = _storages.Count.ToString(CultureInfo.InvariantCulture);
        _storages.Add(tensor);
        long[] strides = new long[tensor.Shape.Count];
        long count = 1;
        for (int i = strides.Length - 1; i >= 0; count *= tensor.Shape[i--])
        {
            strides[i] = count;
        }

        Global("torch._utils", "_rebuild_tensor_v2");
        Op('(');
        Op('(');
        Text("storage");
        Global("torch", tensor.Storage);
        Text(key);
        Text("cpu");
        Integer(count);
        Op('t');
        Op('Q');
        Integer(0);
        Tuple([.. tensor.Shape.Select(size => (object)(long)size)]);
        Tuple([.. strides.Select(stride => (object)stride)]);
        Value(false);
        Ordered(null);
        Op('t');
        Op('R');
    }

    private void Global(string module, string name)
    {
        Op('c');
        _bytes.Write(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));
    }

    private void Op(char opcode) => Bytes((byte)opcode);

    private void Bytes(params ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);
}

/// <summary>A dictionary that becomes Python's <c>OrderedDict</c>.</summary>
/// <param name="Entries">The entries.</param>
internal sealed record OrderedDictionary(PickleDictionary Entries);

/// <summary>A tensor for a file of <c>torch.save</c>.</summary>
/// <param name="Storage">PyTorch's class of its storage, such as <c>FloatStorage</c>.</param>
/// <param name="Shape">The shape.</param>
/// <param name="Write">Writes the numbers in row-major order, little-endian.</param>
internal sealed record TorchTensor(string Storage, IReadOnlyList<int> Shape, Action<Stream> Write);
