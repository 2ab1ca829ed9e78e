using System.Buffers.Binary;

namespace Data2Vec.IO;

/// <summary>An array as a <c>.npy</c> file holds it, in row-major (C) order.</summary>
public sealed class NpyArray
{
    private readonly byte[] _data;

    internal NpyArray(NpyType type, long[] shape, byte[] data)
    {
        Type = type;
        Shape = shape;
        _data = data;
    }

    /// <summary>The type of its elements.</summary>
    public NpyType Type { get; }

    /// <summary>The lengths of its axes, the outermost first; empty for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The number of elements: the product of <see cref="Shape"/>.</summary>
    public int Count => _data.Length / ElementBytes(Type);

    /// <summary>The elements of a floating-point array, binary64 rounded to binary32.</summary>
    /// <returns>A new array of <see cref="Count"/> values.</returns>
    /// <exception cref="InvalidDataException">The file holds integers or truth values.</exception>
    public float[] Floats()
    {
        float[] values = new float[Count];
        switch (Type)
        {
            case NpyType.F32:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = BinaryPrimitives.ReadSingleLittleEndian(_data.AsSpan(4 * i));
                }

                return values;
            case NpyType.F64:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(_data.AsSpan(8 * i));
                }

                return values;
            default:
                throw new InvalidDataException(
                    $"the array holds {NumpyName(Type)} where floating-point numbers are needed; save it with .astype(numpy.float32)");
        }
    }

    /// <summary>The elements of an array of integers or truth values (0 and 1).</summary>
    /// <returns>A new array of <see cref="Count"/> values.</returns>
    /// <exception cref="InvalidDataException">The file holds floating-point numbers.</exception>
    public long[] Int64s()
    {
        long[] values = new long[Count];
        switch (Type)
        {
            case NpyType.I64:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = BinaryPrimitives.ReadInt64LittleEndian(_data.AsSpan(8 * i));
                }

                return values;
            case NpyType.I32:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(4 * i));
                }

                return values;
            case NpyType.U8 or NpyType.Bool:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = _data[i];
                }

                return values;
            default:
                throw new InvalidDataException(
                    $"the array holds {NumpyName(Type)} where integers are needed; save it with .astype(numpy.int64)");
        }
    }

    internal static int ElementBytes(NpyType type) => type switch
    {
        NpyType.F64 or NpyType.I64 => 8,
        NpyType.F32 or NpyType.I32 => 4,
        _ => 1,
    };

    private static string NumpyName(NpyType type) => type switch
    {
        NpyType.F32 => "float32",
        NpyType.F64 => "float64",
        NpyType.I64 => "int64",
        NpyType.I32 => "int32",
        NpyType.U8 => "uint8",
        _ => "bool",
    };
}
