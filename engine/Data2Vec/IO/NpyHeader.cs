using System.Globalization;

namespace Data2Vec.IO;

/// <summary>
/// The header of a <c>.npy</c> file: a Python dictionary of just three entries,
/// <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }</c>, padded with spaces to a line's end.
/// </summary>
internal sealed record NpyHeader(NpyType Type, long[] Shape)
{
    private const int MaxAxes = 64; // numpy's own limit

    /// <summary>The number of bytes that the elements take.</summary>
    /// <exception cref="InvalidDataException">They are more than an array holds.</exception>
    public int DataBytes()
    {
        // An axis of length 0 makes the array empty, however long the others are.
        long bytes = Shape.Contains(0) ? 0 : NpyArray.ElementBytes(Type);
        foreach (long length in Shape)
        {
            if (bytes > 0 && length > Array.MaxLength / bytes)
            {
                throw new InvalidDataException($"an array of shape ({string.Join(", ", Shape)}) is too large; save it in parts");
            }

            bytes *= length;
        }

        return (int)bytes;
    }

    /// <summary>Reads the dictionary.</summary>
    /// <exception cref="InvalidDataException">It is anything else, or its element type is not supported.</exception>
    public static NpyHeader Parse(string text)
    {
        var cursor = new PythonLiteralReader(text);
        string? descr = null;
        bool? fortranOrder = null;
        long[]? shape = null;

        cursor.Expect('{');
        while (!cursor.TryTake('}'))
        {
            string key = cursor.ReadString();
            cursor.Expect(':');
            switch (key)
            {
                case "descr" when descr is null:
                    descr = cursor.ReadString();
                    break;
                case "fortran_order" when fortranOrder is null:
                    fortranOrder = cursor.ReadBool();
                    break;
                case "shape" when shape is null:
                    shape = cursor.ReadTuple(MaxAxes);
                    break;
                default:
                    throw new InvalidDataException($"the npy header has an unexpected entry '{key}'; the file is damaged");
            }

            if (!cursor.TryTake(','))
            {
                cursor.Expect('}');
                break;
            }
        }

        cursor.ExpectEnd();
        if (descr is null || fortranOrder is null || shape is null)
        {
            throw new InvalidDataException("the npy header lacks 'descr', 'fortran_order' or 'shape'; the file is damaged");
        }
        // With one axis that counts the two orders are the same.
        if (fortranOrder.Value && shape.Count(length => length != 1) > 1)
        {
            throw new InvalidDataException("the array is in Fortran order, which is not supported; save it with numpy.ascontiguousarray");
        }

        return new NpyHeader(TypeOf(descr), shape);
    }

    /// <summary>The dictionary as numpy writes it, without the padding.</summary>
    public static string Format(NpyType type, ReadOnlySpan<long> shape)
    {
        string axes = string.Join(", ", shape.ToArray().Select(length => length.ToString(CultureInfo.InvariantCulture)));
        string comma = shape.Length == 1 ? "," : "";
        return $"{{'descr': '{Descr(type)}', 'fortran_order': False, 'shape': ({axes}{comma}), }}";
    }

    private static NpyType TypeOf(string descr) => descr switch
    {
        "<f4" => NpyType.F32,
        "<f8" => NpyType.F64,
        "<i8" => NpyType.I64,
        "<i4" => NpyType.I32,
        "|u1" => NpyType.U8,
        "|b1" => NpyType.Bool,
        ['>', ..] => throw new InvalidDataException($"big-endian elements ('{descr}') are not supported; save with .astype(numpy.float32) or .astype(numpy.int64)"),
        _ => throw new InvalidDataException($"elements of type '{descr}' are not supported; save with .astype(numpy.float32) or .astype(numpy.int64)"),
    };

    private static string Descr(NpyType type) => type switch
    {
        NpyType.F32 => "<f4",
        NpyType.F64 => "<f8",
        NpyType.I64 => "<i8",
        NpyType.I32 => "<i4",
        NpyType.U8 => "|u1",
        _ => "|b1",
    };
}
