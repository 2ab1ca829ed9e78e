namespace Data2Vec.Converters;

/// <summary>A number format of checkpoints.</summary>
/// <param name="Name">The name in messages: safetensors' or PyTorch's.</param>
/// <param name="Bits">The bits of an element, or null of an unknown format of safetensors.</param>
/// <param name="Type">The format, <see cref="CheckpointType.Other"/> if its elements cannot be read.</param>
internal sealed record NumberFormat(string Name, int? Bits, CheckpointType Type)
{
    /// <summary>The bits of safetensors' largest element.</summary>
    public const int MaxBits = 64;

    /// <summary>The format of a storage whose tensors state their format themselves.</summary>
    public static readonly NumberFormat Untyped = new("untyped", 8, CheckpointType.Other);

    private const string Table = """
        F64     | float64        | DoubleStorage        | 64  | F64
        F32     | float32        | FloatStorage         | 32  | F32
        F16     | float16        | HalfStorage          | 16  | F16
        BF16    | bfloat16       | BFloat16Storage      | 16  | BF16
        I64     | int64          | LongStorage          | 64  | I64
        I32     | int32          | IntStorage           | 32  | I32
        I16     | int16          | ShortStorage         | 16  | I16
        I8      | int8           | CharStorage          | 8   | I8
        U8      | uint8          | ByteStorage          | 8   | U8
        BOOL    | bool           | BoolStorage          | 8   | Bool
        C64     | complex64      | ComplexFloatStorage  | 64  | Other
        U64     | uint64         |                      | 64  | Other
        U32     | uint32         |                      | 32  | Other
        U16     | uint16         |                      | 16  | Other
        F8_E4M3 | float8_e4m3fn  |                      | 8   | Other
        F8_E5M2 | float8_e5m2    |                      | 8   | Other
        F8_E8M0 | float8_e8m0fnu |                      | 8   | Other
        F6_E2M3 |                |                      | 6   | Other
        F6_E3M2 |                |                      | 6   | Other
        F4      |                |                      | 4   | Other
                | float8_e4m3fnuz |                     | 8   | Other
                | float8_e5m2fnuz |                     | 8   | Other
                | complex32      |                      | 32  | Other
                | complex128     | ComplexDoubleStorage | 128 | Other
                | qint8          | QInt8Storage         | 8   | Other
                | quint8         | QUInt8Storage        | 8   | Other
                | qint32         | QInt32Storage        | 32  | Other
                | quint4x2       | QUInt4x2Storage      | 8   | Other
                | quint2x4       | QUInt2x4Storage      | 8   | Other
        """;

    /// <summary>The formats of ONNX's <c>TensorProto.DataType</c>, by number, from 0.</summary>
    private static readonly string[] s_onnx =
        ["", "float32", "uint8", "int8", "", "int16", "int32", "int64", "", "bool", "float16", "float64", "", "", "complex64", "complex128", "bfloat16"];

    private static readonly string[][] s_rows = [.. Table.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries))];
    private static readonly Dictionary<string, NumberFormat> s_safetensors = Column(0, nameColumn: 0);
    private static readonly Dictionary<string, NumberFormat> s_dataTypes = Column(1, nameColumn: 1);
    private static readonly Dictionary<string, NumberFormat> s_storages = Column(2, nameColumn: 1);

    /// <summary>The bytes of an element of a PyTorch format.</summary>
    public int Bytes => Bits!.Value / 8;

    /// <summary>The format of a safetensors <c>dtype</c>.</summary>
    public static NumberFormat FromSafetensors(string name) => s_safetensors.GetValueOrDefault(name) ?? new NumberFormat(name, null, CheckpointType.Other);

    /// <summary>The format of a PyTorch <c>dtype</c> such as <c>float32</c>, or null if it is unknown.</summary>
    public static NumberFormat? FromDataType(string name) => s_dataTypes.GetValueOrDefault(name);

    /// <summary>The format of a PyTorch storage class such as <c>FloatStorage</c>, or null if it is unknown.</summary>
    public static NumberFormat? FromStorage(string name) =>
        name is "UntypedStorage" or "_UntypedStorage" ? Untyped : s_storages.GetValueOrDefault(name) is { } format ? s_dataTypes[format.Name] : null;

    /// <summary>The format of a number of ONNX's <c>TensorProto.DataType</c>.</summary>
    public static NumberFormat FromOnnx(int type) =>
        ((uint)type < (uint)s_onnx.Length ? FromDataType(s_onnx[type]) : null) ?? new NumberFormat($"number {type} of ONNX", 8, CheckpointType.Other);

    private static Dictionary<string, NumberFormat> Column(int column, int nameColumn) => s_rows.Where(row => row[column].Length > 0).ToDictionary(
        row => row[column], row => new NumberFormat(row[nameColumn], int.Parse(row[3], null), Enum.Parse<CheckpointType>(row[4])));
}
