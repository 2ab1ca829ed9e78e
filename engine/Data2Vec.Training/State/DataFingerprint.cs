using System.Globalization;

namespace Data2Vec.Training.State;

/// <summary>Tells whether the data of a run are those that it began with.</summary>
/// <param name="Items">How many items there are.</param>
/// <param name="Checksum">The CRC-32C of what identifies them, such as their names and lengths, in order.</param>
public readonly record struct DataFingerprint(long Items, uint Checksum)
{
    /// <summary>Says how the data differ from those of a run that is resumed, or returns null where they do not.</summary>
    public string? DifferenceFrom(DataFingerprint before) =>
        Items != before.Items ? string.Create(CultureInfo.InvariantCulture, $"the data had {before.Items} items, have {Items}")
        : Checksum != before.Checksum ? string.Create(CultureInfo.InvariantCulture, $"the data have {Items} items as before, but not the same ones or in another order")
        : null;
}
