using System.Globalization;

namespace Data2Vec.IO;

/// <summary>
/// The header of a <c>.npy</c> file: a Python dictionary of exactly three entries,
/// <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }</c>, padded with spaces and ended by a line feed.
/// </summary>
internal sealed class NpyHeader(NpyElement element, long[] shape)
{
    private const int MaxAxes = 64; // numpy's own limit

    public NpyElement Element => element;

    public long[] Shape => shape;

    /// <summary>The size of the elements in bytes.</summary>
    /// <exception cref="InvalidDataException">The elements do not fit in an array.</exception>
    public int DataBytes()
    {
        // An axis of length 0 makes the array empty, regardless of the other lengths.
        long bytes = shape.Contains(0) ? 0 : element.Bytes;
        foreach (long length in shape)
        {
            if (bytes > 0 && length > Array.MaxLength / bytes)
            {
                throw new InvalidDataException($"an array of shape ({string.Join(", ", shape)}) is too large; save it in parts");
            }

            bytes *= length;
        }

        return (int)bytes;
    }

    /// <summary>Parses the dictionary.</summary>
    /// <exception cref="InvalidDataException">The text is not such a dictionary, or its element type is not supported.</exception>
    public static NpyHeader Parse(string text)
    {
        var reader = new PythonLiteralReader(text);
        string? descriptor = null;
        bool? fortranOrder = null;
        long[]? shape = null;

        reader.Expect('{');
        while (!reader.TryTake('}'))
        {
            string key = reader.ReadString();
            reader.Expect(':');
            switch (key)
            {
                case "descr" when descriptor is null:
                    descriptor = reader.ReadString();
                    break;
                case "fortran_order" when fortranOrder is null:
                    fortranOrder = reader.ReadBool();
                    break;
                case "shape" when shape is null:
                    shape = reader.ReadTuple(MaxAxes);
                    break;
                default:
                    throw new InvalidDataException($"the npy header has an unexpected entry '{key}'; the file is damaged");
            }

            if (!reader.TryTake(','))
            {
                reader.Expect('}');
                break;
            }
        }

        reader.ExpectEnd();
        if (descriptor is null || fortranOrder is null || shape is null)
        {
            throw new InvalidDataException("the npy header lacks 'descr', 'fortran_order' or 'shape'; the file is damaged");
        }

        // With at most one axis longer than 1, both orders are the same.
        return fortranOrder.Value && shape.Count(length => length != 1) > 1
            ? throw new InvalidDataException("the array is in Fortran order, which is not supported; save it with numpy.ascontiguousarray")
            : new NpyHeader(NpyElement.Find(descriptor), shape);
    }

    /// <summary>Formats the dictionary as numpy does, without the padding.</summary>
    public override string ToString()
    {
        string axes = string.Join(", ", shape.Select(length => length.ToString(CultureInfo.InvariantCulture)));
        return $"{{'descr': '{element.Descriptor}', 'fortran_order': False, 'shape': ({axes}{(shape.Length == 1 ? "," : "")}), }}";
    }
}
