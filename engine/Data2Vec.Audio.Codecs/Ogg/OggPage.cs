namespace Data2Vec.Audio.Codecs;

/// <summary>A page of an Ogg file (RFC 3533, section 6).</summary>
/// <param name="Flags">The header type flags.</param>
/// <param name="Granule">The position at the end of the last packet that ends in the page, in units of the codec; -1 if none ends.</param>
/// <param name="Serial">The number of the logical stream.</param>
/// <param name="Sequence">The number of the page in its stream.</param>
/// <param name="Segments">The lengths of the segments; a segment of less than 255 bytes ends a packet.</param>
/// <param name="Body">The segments.</param>
internal sealed record OggPage(int Flags, long Granule, uint Serial, uint Sequence, byte[] Segments, byte[] Body)
{
    /// <summary>Whether the page begins with the rest of a packet.</summary>
    public bool IsContinued => (Flags & 1) != 0;

    /// <summary>Whether the page is the first of its stream.</summary>
    public bool IsFirst => (Flags & 2) != 0;

    /// <summary>Whether the page is the last of its stream.</summary>
    public bool IsLast => (Flags & 4) != 0;
}
