using System.Globalization;

namespace Data2Vec.Converters.Onnx;

/// <summary>
/// Reads the graph of an ONNX file: its nodes, and where the numbers of its tensors are. The fields are those of <c>onnx.proto</c>
/// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
/// </summary>
internal sealed class OnnxReader
{
    private const int MostNodes = 1 << 20, MostTensors = 1 << 18, MostNames = 1 << 12, MostDimensions = 8, MostNumbers = 64;

    private readonly ProtobufInput _input;
    private readonly Func<string, ExternalBytes> _external;
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<OnnxTensor> _tensors = [];

    private OnnxReader(FileRegion file, Func<string, ExternalBytes> external) => (_input, _external) = (new ProtobufInput(file), external);

    /// <summary>A part of another file: where it begins, and its length, if that is given.</summary>
    public delegate ByteRegion ExternalBytes(long offset, long? length);

    /// <summary>Reads a graph.</summary>
    /// <param name="file">The file.</param>
    /// <param name="external">Opens another file, by its path from the folder of this one.</param>
    /// <exception cref="InvalidDataException">It is not an ONNX model, or damaged.</exception>
    public static (IReadOnlyList<OnnxNode> Nodes, IReadOnlyList<OnnxTensor> Tensors) Read(FileRegion file, Func<string, ExternalBytes> external)
    {
        const int Graph = 7;
        var reader = new OnnxReader(file, external);
        bool hasGraph = false;
        reader._input.Fields(file.Length, field =>
        {
            if (field == Graph)
            {
                hasGraph = true;
                reader._input.Fields(reader._input.End(), reader.GraphField);
            }

            return field == Graph;
        });
        InvalidData.ThrowIf(!hasGraph, "not an ONNX model: it has no graph");
        return (reader._nodes, reader._tensors);
    }

    private bool GraphField(int field)
    {
        switch (field)
        {
            case 1:
                InvalidData.ThrowIf(_nodes.Count == MostNodes, $"the graph has more than {MostNodes} nodes");
                _nodes.Add(Node());
                return true;
            case 5:
                InvalidData.ThrowIf(_tensors.Count == MostTensors, $"the graph has more than {MostTensors} tensors");
                _tensors.Add(Tensor());
                return true;
            default:
                return false;
        }
    }

    private OnnxNode Node()
    {
        List<string> inputs = [], outputs = [];
        var node = new OnnxNode { Inputs = inputs, Outputs = outputs };
        _input.Fields(_input.End(), field =>
        {
            switch (field)
            {
                case 1: Add(inputs); break;
                case 2: Add(outputs); break;
                case 3: node = node with { Name = _input.Text() }; break;
                case 4: node = node with { Operation = _input.Text() }; break;
                case 5: node = WithAttribute(node); break;
                case 7: node = node with { Domain = _input.Text() }; break;
                default: return false;
            }

            return true;
        });
        return node;

        void Add(List<string> names)
        {
            InvalidData.ThrowIf(names.Count == MostNames, $"a node has more than {MostNames} inputs or outputs");
            names.Add(_input.Text());
        }
    }

    private OnnxNode WithAttribute(OnnxNode node)
    {
        string name = "";
        (float number, long integer, OnnxTensor? tensor) = (0, 0, null);
        List<long> integers = [];
        _input.Fields(_input.End(), field =>
        {
            switch (field)
            {
                case 1: name = _input.Text(); break;
                case 2: number = _input.Single(); break;
                case 3: integer = _input.Integer(); break;
                case 5: tensor = Tensor(); break;
                case 8 when integers.Count < MostNumbers: _input.Integers(integers, MostNumbers); break;
                default: return false;
            }

            return true;
        });
        return name switch
        {
            "value_int" => node with { Value = Integers([], [integer]) },
            "value_ints" => node with { Value = Integers([integers.Count], integers) },
            "transB" => node with { TransposesB = integer != 0 },
            "epsilon" => node with { Epsilon = number },
            "value" => node with { Value = tensor },
            _ => node,
        };
    }

    private static OnnxTensor Integers(long[] shape, IReadOnlyList<long> numbers) =>
        new("", NumberFormat.FromOnnx(7), shape, new ArrayRegion([.. numbers.SelectMany(BitConverter.GetBytes)]));

    private OnnxTensor Tensor()
    {
        List<long> shape = [], integers = [];
        string name = "";
        int type = 0;
        ByteRegion? data = null;
        var external = new Dictionary<string, string>(StringComparer.Ordinal);
        _input.Fields(_input.End(), field =>
        {
            switch (field)
            {
                case 1: _input.Integers(shape, MostDimensions); break;
                case 2: type = (int)_input.Integer(); break;
                case 7: _input.Integers(integers, MostNumbers); break;
                case 8: name = _input.Text(); break;
                case 4 or 9 or 10 when _input.HasLength: data = _input.Bytes(); break; // floats, raw bytes, or doubles
                case 13: AddTo(external); break;
                default: return false;
            }

            return true;
        });
        return InvalidData.Named($"tensor '{PickleText.Quote(name)}'", () => Create(name, NumberFormat.FromOnnx(type), [.. shape], integers, data, external));
    }

    private OnnxTensor Create(string name, NumberFormat format, long[] shape, List<long> integers, ByteRegion? data, Dictionary<string, string> external)
    {
        InvalidData.ThrowIf(
            shape.Any(size => size < 0) || !CheckpointTensor.CanCount(shape, long.MaxValue / NumberFormat.MaxBits),
            $"its shape [{string.Join(", ", shape)}] is impossible");
        long bytes = shape.Aggregate(1L, (count, size) => count * size) * format.Bytes;
        if (external.TryGetValue("location", out string? location))
        {
            data = _external(location)(Number("offset") ?? 0, Number("length"));
        }
        else if (integers.Count > 0)
        {
            data = new ArrayRegion([.. integers.SelectMany(BitConverter.GetBytes)]);
        }
        else if (bytes == 0)
        {
            data = new ArrayRegion([]);
        }

        InvalidData.ThrowIf(
            format.Type != CheckpointType.Other && data is not null && data.Length != bytes,
            $"it has {data?.Length} bytes, and its shape [{string.Join(", ", shape)}] of {format.Name} needs {bytes}");
        return new OnnxTensor(name, format, shape, data);

        long? Number(string key) => !external.TryGetValue(key, out string? text) ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
            : throw new InvalidDataException($"its {key} in another file is not a number");
    }

    private void AddTo(Dictionary<string, string> entries)
    {
        (string key, string value) = ("", "");
        _input.Fields(_input.End(), field =>
        {
            switch (field)
            {
                case 1: key = _input.Text(); break;
                case 2: value = _input.Text(); break;
                default: return false;
            }

            return true;
        });
        InvalidData.ThrowIf(entries.Count == MostNumbers, $"a tensor has more than {MostNumbers} entries about another file");
        entries[key] = value;
    }

    /// <summary>Numbers in memory.</summary>
    private sealed class ArrayRegion(byte[] bytes) : ByteRegion(bytes.Length)
    {
        public override bool IsRandomAccess => true;

        protected override void ReadInside(long offset, Span<byte> destination) => bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }
}
