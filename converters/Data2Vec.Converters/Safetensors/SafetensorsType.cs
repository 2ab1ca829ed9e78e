namespace Data2Vec.Converters.Safetensors;

/// <summary>A number format of the safetensors format.</summary>
/// <param name="Name">Its name in the header.</param>
/// <param name="Bits">The bits of an element; null of a format that is not known, whose tensors cannot be measured.</param>
/// <param name="Type">What it is here.</param>
internal sealed record SafetensorsType(string Name, int? Bits, CheckpointType Type)
{
    /// <summary>The bits of the largest element.</summary>
    public const int MaxBits = 64;

    private static readonly Dictionary<string, SafetensorsType> s_known = new SafetensorsType[]
    {
        new("F64", 64, CheckpointType.F64),
        new("F32", 32, CheckpointType.F32),
        new("F16", 16, CheckpointType.F16),
        new("BF16", 16, CheckpointType.BF16),
        new("I64", 64, CheckpointType.I64),
        new("I32", 32, CheckpointType.I32),
        new("I16", 16, CheckpointType.I16),
        new("I8", 8, CheckpointType.I8),
        new("U8", 8, CheckpointType.U8),
        new("BOOL", 8, CheckpointType.Bool),
        new("C64", 64, CheckpointType.Other),
        new("U64", 64, CheckpointType.Other),
        new("U32", 32, CheckpointType.Other),
        new("U16", 16, CheckpointType.Other),
        new("F8_E4M3", 8, CheckpointType.Other),
        new("F8_E5M2", 8, CheckpointType.Other),
        new("F8_E8M0", 8, CheckpointType.Other),
        new("F6_E2M3", 6, CheckpointType.Other),
        new("F6_E3M2", 6, CheckpointType.Other),
        new("F4", 4, CheckpointType.Other),
    }.ToDictionary(type => type.Name);

    public static SafetensorsType Of(string name) =>
        s_known.GetValueOrDefault(name) ?? new SafetensorsType(name, null, CheckpointType.Other);
}
