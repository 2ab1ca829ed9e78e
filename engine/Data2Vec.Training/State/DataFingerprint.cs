using System.Globalization;
using System.Text;

namespace Data2Vec.Training.State;

/// <summary>Tells whether the data of a run are those that it began with.</summary>
/// <param name="Items">How many items there are.</param>
/// <param name="Checksum">The CRC-32C of what identifies them, such as their names and lengths, in order.</param>
public readonly record struct DataFingerprint(long Items, uint Checksum)
{
    /// <summary>Computes the fingerprint of items from a line of text for each.</summary>
    public static DataFingerprint Of(IEnumerable<string> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        long count = 0;
        uint crc = 0;
        foreach (string item in items)
        {
            count++;
            crc = Crc32C.Append(crc, Encoding.UTF8.GetBytes($"{item}\n"));
        }

        return new DataFingerprint(count, crc);
    }

    /// <summary>Says how the data differ from those of a run that is resumed, or returns null where they do not.</summary>
    public string? DifferenceFrom(DataFingerprint before) =>
        Items != before.Items ? string.Create(CultureInfo.InvariantCulture, $"the data had {before.Items} items, have {Items}")
        : Checksum != before.Checksum ? string.Create(CultureInfo.InvariantCulture, $"the data have {Items} items as before, but not the same ones or in another order")
        : null;
}
