namespace Data2Vec.Audio.Codecs;

/// <summary>Follows the positions in the pages of an Ogg stream. They say how many samples of the last packet count.</summary>
internal sealed class OggPosition
{
    private long _decoded;
    private long? _start;

    /// <summary>Takes a packet that was decoded.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="samples">The number of its samples in each channel.</param>
    /// <returns>The number of samples at the end of the stream so far that do not count; 0 except for the last packet.</returns>
    public long Add(OggPacket packet, int samples)
    {
        _decoded += samples;
        if (packet.Granule is not long granule)
        {
            return 0;
        }

        // A broadcast that is recorded from its middle does not begin at 0.
        _start ??= packet.IsLast ? 0 : Math.Max(0, granule - _decoded);
        return packet.IsLast ? Math.Clamp(_decoded - (granule - _start.Value), 0, _decoded) : 0;
    }
}
