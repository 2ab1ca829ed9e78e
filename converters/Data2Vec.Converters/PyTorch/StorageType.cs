namespace Data2Vec.Converters.PyTorch;

/// <summary>A number format of PyTorch: its name, the bytes of an element, and what it is here, if it can be read.</summary>
internal sealed record StorageType(string Name, int Size, CheckpointType? Type)
{
    /// <summary>The storage whose tensors state their format themselves.</summary>
    public static readonly StorageType Bytes = new("untyped", 1, null);

    private static readonly Dictionary<string, StorageType> s_storages = new()
    {
        ["DoubleStorage"] = new("float64", 8, CheckpointType.F64),
        ["FloatStorage"] = new("float32", 4, CheckpointType.F32),
        ["HalfStorage"] = new("float16", 2, CheckpointType.F16),
        ["BFloat16Storage"] = new("bfloat16", 2, CheckpointType.BF16),
        ["LongStorage"] = new("int64", 8, CheckpointType.I64),
        ["IntStorage"] = new("int32", 4, CheckpointType.I32),
        ["ShortStorage"] = new("int16", 2, CheckpointType.I16),
        ["CharStorage"] = new("int8", 1, CheckpointType.I8),
        ["ByteStorage"] = new("uint8", 1, CheckpointType.U8),
        ["BoolStorage"] = new("bool", 1, CheckpointType.Bool),
        ["ComplexFloatStorage"] = new("complex64", 8, null),
        ["ComplexDoubleStorage"] = new("complex128", 16, null),
        ["QInt8Storage"] = new("qint8", 1, null),
        ["QUInt8Storage"] = new("quint8", 1, null),
        ["QInt32Storage"] = new("qint32", 4, null),
        ["QUInt4x2Storage"] = new("quint4x2", 1, null),
        ["QUInt2x4Storage"] = new("quint2x4", 1, null),
        ["UntypedStorage"] = Bytes,
        ["_UntypedStorage"] = Bytes,
    };

    private static readonly Dictionary<string, StorageType> s_dataTypes = s_storages.Values
        .Where(type => type != Bytes).DistinctBy(type => type.Name)
        .Concat(
        [
            new("uint16", 2, null), new("uint32", 4, null), new("uint64", 8, null), new("complex32", 4, null),
            new("float8_e4m3fn", 1, null), new("float8_e4m3fnuz", 1, null), new("float8_e5m2", 1, null),
            new("float8_e5m2fnuz", 1, null), new("float8_e8m0fnu", 1, null),
        ])
        .ToDictionary(type => type.Name);

    /// <summary>The number format of a storage class such as <c>torch.FloatStorage</c>; null of any other class.</summary>
    public static StorageType? OfStorage(PickleGlobal @class) =>
        @class.Module is "torch" or "torch.cuda" or "torch.storage" ? s_storages.GetValueOrDefault(@class.Name) : null;

    /// <summary>The number format of a name such as <c>torch.float32</c>; null of any other name.</summary>
    public static StorageType? OfDataType(PickleGlobal name) =>
        name.Module == "torch" ? s_dataTypes.GetValueOrDefault(name.Name) : null;
}
