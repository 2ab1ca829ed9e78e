using System.Globalization;

namespace Data2Vec.Training.Data;

/// <summary>Tells whether data is the same as when a run began.</summary>
/// <param name="Count">The number of items.</param>
/// <param name="Crc">The CRC-32C of the names, lengths and targets of the items.</param>
public readonly record struct DataFingerprint(int Count, uint Crc)
{
    /// <summary>For example <c>1200 items, CRC 0123abcd</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count} items, CRC {Crc:x8}");
}
