namespace Data2Vec.Audio.Codecs;

/// <summary>Finds the frames of MPEG audio in a stream. What is between them, such as tags, is skipped.</summary>
internal sealed class MpegFrameReader(Stream stream)
{
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private MpegFrame? _last;
    private bool _isInStep;

    /// <summary>Returns the next whole frame, or null at the end. Its bytes are valid until the next call.</summary>
    public MpegFrame? Next()
    {
        // Anything can look like a header. Directly after a frame it is one. Elsewhere another one must follow.
        for (; Fill(MpegFrame.HeaderBytes); _start++, _isInStep = false)
        {
            if (MpegFrame.Parse(_buffer.AsSpan(_start, MpegFrame.HeaderBytes)) is MpegFrame header && (_last is null || header.FitsTo(_last)))
            {
                int length = header.FrameLength;
                bool hasNext = Fill(length + MpegFrame.HeaderBytes);
                if (_end - _start < length)
                {
                    continue;
                }

                if (_isInStep || !hasNext || MpegFrame.Parse(_buffer.AsSpan(_start + length, MpegFrame.HeaderBytes))?.FitsTo(header) == true)
                {
                    MpegFrame frame = MpegFrame.Parse(_buffer.AsSpan(_start), _buffer.AsMemory(_start, length))!;
                    _start += length;
                    _isInStep = true;
                    return _last = frame;
                }
            }
        }

        return null;
    }

    /// <summary>Makes sure that bytes are in the buffer, if the stream has them.</summary>
    private bool Fill(int count)
    {
        if (_end - _start >= count)
        {
            return true;
        }

        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        _end += stream.ReadAtLeast(_buffer.AsSpan(_end), count - _end, throwOnEndOfStream: false);
        return _end >= count;
    }
}
