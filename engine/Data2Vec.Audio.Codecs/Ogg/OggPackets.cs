namespace Data2Vec.Audio.Codecs;

/// <summary>A packet of a logical stream.</summary>
/// <param name="Bytes">The content.</param>
/// <param name="Granule">The position after the packet in units of the codec, or null if the page does not give it.</param>
/// <param name="IsLast">Whether the stream says that it ends with this packet.</param>
internal sealed record OggPacket(byte[] Bytes, long? Granule, bool IsLast);

/// <summary>The packets of one logical stream. Pages of other streams between its pages are skipped.</summary>
internal sealed class OggPackets
{
    private readonly OggPageReader _pages;
    private readonly uint _serial;
    private readonly Action<string> _warn;
    private readonly Queue<OggPacket> _packets = [];
    private MemoryStream? _unfinished;
    private uint? _lastSequence;
    private bool _hasMetGap;
    private bool _isAtEnd;

    /// <summary>Starts a stream.</summary>
    /// <param name="pages">The file, after the first pages of all its streams.</param>
    /// <param name="first">The first page of the stream.</param>
    /// <param name="next">The page that was read last, if it comes after the first pages.</param>
    /// <param name="warn">Takes a warning.</param>
    public OggPackets(OggPageReader pages, OggPage first, OggPage? next, Action<string> warn)
    {
        (_pages, _serial, _warn, NextPage) = (pages, first.Serial, warn, next);
        Add(first);
    }

    /// <summary>The page that was read last and not used yet, or null at the end of the file.</summary>
    public OggPage? NextPage { get; private set; }

    /// <summary>Returns the next packet, or null at the end of the stream.</summary>
    public OggPacket? Next()
    {
        while (_packets.Count == 0)
        {
            // Another stream may follow, even if this one does not say that it ends.
            if (_isAtEnd || NextPage is null or { IsFirst: true })
            {
                return null;
            }

            if (NextPage.Serial == _serial)
            {
                Add(NextPage);
            }

            NextPage = _isAtEnd ? NextPage : _pages.Next();
        }

        return _packets.Dequeue();
    }

    /// <summary>Skips to the first page of the stream that follows.</summary>
    public OggPage? SkipToNextStream()
    {
        while (NextPage is { IsFirst: false })
        {
            NextPage = _pages.Next();
        }

        return NextPage;
    }

    private void Add(OggPage page)
    {
        // A recorded broadcast begins with the headers and goes on anywhere. The first packets with sound are after the second page.
        if (_lastSequence is uint last && page.Sequence != last + 1)
        {
            if (last > 1 && !_hasMetGap)
            {
                _warn($"the Ogg page {last + 1} is missing; the recording has a gap");
                _hasMetGap = true;
            }

            _unfinished = null;
        }

        _lastSequence = page.Sequence;
        int start = 0;
        bool skips = page.IsContinued && _unfinished is null;
        if (!page.IsContinued)
        {
            _unfinished = null;
        }

        int lastEnd = Array.FindLastIndex(page.Segments, length => length < 255);
        for (int i = 0; i < page.Segments.Length; i++)
        {
            int length = page.Segments[i];
            if (!skips)
            {
                (_unfinished ??= new MemoryStream()).Write(page.Body, start, length);
            }

            start += length;
            if (length < 255)
            {
                if (!skips)
                {
                    _packets.Enqueue(new OggPacket(_unfinished!.ToArray(), i == lastEnd && page.Granule >= 0 ? page.Granule : null, i == lastEnd && page.IsLast));
                }

                (_unfinished, skips) = (null, false);
            }
        }

        _isAtEnd = page.IsLast;
    }
}
