using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Data2Vec.IO;

/// <summary>An array read from a <c>.npy</c> file, in row-major (C) order.</summary>
public sealed class NpyArray
{
    private readonly NpyElement _element;
    private readonly long[] _shape;
    private readonly byte[] _data;

    internal NpyArray(NpyHeader header, byte[] data) =>
        (_element, _shape, _data) = (header.Element, header.Shape, header.IsColumnMajor && data.Length > 0 ? RowMajor(data, header.Shape, header.Element.Bytes) : data);

    /// <summary>
    /// The type of the elements: <see cref="float"/>, <see cref="double"/>, <see cref="Half"/>, <see cref="long"/>, <see cref="int"/>,
    /// <see cref="byte"/> or <see cref="bool"/>.
    /// </summary>
    public Type ElementType => _element.Type;

    /// <summary>The lengths of the axes, outermost first. Empty for a scalar.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>The number of elements: the product of <see cref="Shape"/>.</summary>
    public int Count => _data.Length / _element.Bytes;

    /// <summary>Returns the elements of a floating-point array. Doubles are rounded to single precision.</summary>
    /// <returns>A new array of <see cref="Count"/> values.</returns>
    /// <exception cref="InvalidDataException">The file contains integers or Booleans.</exception>
    public float[] Floats() => ElementType == typeof(float) ? Values<float>().ToArray()
        : ElementType == typeof(double) ? Convert<double, float>()
        : ElementType == typeof(Half) ? Convert<Half, float>()
        : throw new InvalidDataException($"the array contains {_element.Name} but floating-point numbers are needed; save it with .astype(numpy.float32)");

    /// <summary>Returns the elements of an array of integers or Booleans (0 and 1).</summary>
    /// <returns>A new array of <see cref="Count"/> values.</returns>
    /// <exception cref="InvalidDataException">The file contains floating-point numbers.</exception>
    public long[] Int64s() => ElementType == typeof(long) ? Values<long>().ToArray()
        : ElementType == typeof(int) ? Convert<int, long>()
        : ElementType == typeof(byte) || ElementType == typeof(bool) ? Convert<byte, long>()
        : throw new InvalidDataException($"the array contains {_element.Name} but integers are needed; save it with .astype(numpy.int64)");

    /// <summary>The numpy name of the element type and the shape, for example <c>float32 [3, 4]</c>.</summary>
    public override string ToString() => $"{_element.Name} [{string.Join(", ", _shape)}]";

    private static byte[] RowMajor(byte[] data, long[] shape, int bytes)
    {
        byte[] ordered = new byte[data.Length];
        long[] index = new long[shape.Length], strides = new long[shape.Length];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            strides[axis] = axis == 0 ? bytes : strides[axis - 1] * shape[axis - 1];
        }

        long source = 0;
        for (int target = 0; target < ordered.Length; target += bytes)
        {
            data.AsSpan((int)source, bytes).CopyTo(ordered.AsSpan(target));
            for (int axis = shape.Length - 1; axis >= 0; axis--)
            {
                source += strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                source -= index[axis] * strides[axis];
                index[axis] = 0;
            }
        }

        return ordered;
    }

    private ReadOnlySpan<T> Values<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_data);

    private TTo[] Convert<TFrom, TTo>()
        where TFrom : unmanaged, System.Numerics.INumber<TFrom>
        where TTo : unmanaged, System.Numerics.INumber<TTo>
    {
        var converted = new TTo[Count];
        TensorPrimitives.ConvertTruncating(Values<TFrom>(), converted);
        return converted;
    }
}

/// <summary>A supported element type: as the header writes it, its name in numpy, the .NET type, the bytes per element.</summary>
internal sealed record NpyElement(string Descriptor, string Name, Type Type, int Bytes)
{
    public static readonly NpyElement Float32 = new("<f4", "float32", typeof(float), sizeof(float));

    public static readonly NpyElement Int64 = new("<i8", "int64", typeof(long), sizeof(long));

    private static readonly NpyElement[] s_all =
    [
        Float32,
        Int64,
        new("<f8", "float64", typeof(double), sizeof(double)),
        new("<f2", "float16", typeof(Half), sizeof(ushort)),
        new("<i4", "int32", typeof(int), sizeof(int)),
        new("|u1", "uint8", typeof(byte), sizeof(byte)),
        new("|b1", "bool", typeof(bool), sizeof(bool)),
    ];

    /// <exception cref="InvalidDataException">The type is not supported.</exception>
    public static NpyElement Find(string descriptor) => Array.Find(s_all, element => element.Descriptor == descriptor)
        ?? throw new InvalidDataException(
            $"{(descriptor.StartsWith('>') ? $"big-endian elements ('{descriptor}')" : $"elements of type '{descriptor}'")} are not supported; "
            + "save with .astype(numpy.float32) or .astype(numpy.int64)");
}
