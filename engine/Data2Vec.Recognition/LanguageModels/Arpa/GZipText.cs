using System.IO.Compression;
using Data2Vec.IO;

namespace Data2Vec.Recognition.LanguageModels.Arpa;

/// <summary>
/// The text of a gzip file, which must be complete. <see cref="GZipStream"/> takes a file that was cut off for a whole one, so a gzip member with a mark is put
/// behind the file: it is read as a member only if the one before it has ended.
/// </summary>
internal sealed class GZipText : ForwardStream
{
    private static readonly byte[] s_mark = "the gzip member before is complete"u8.ToArray();
    private static readonly byte[] s_member = Compress(s_mark);

    private readonly MarkedStream _file;
    private readonly GZipStream _text;
    private MemoryStream? _rest;

    /// <summary>Reads a file, which the stream closes.</summary>
    public GZipText(Stream file)
    {
        _file = new MarkedStream(file);
        _text = new GZipStream(_file, CompressionMode.Decompress);
    }

    /// <exception cref="InvalidDataException">The file is damaged or cut off.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (_rest is not null)
        {
            return _rest.Read(buffer);
        }

        try
        {
            int count = _text.Read(buffer);
            if (!_file.IsMarked)
            {
                return count;
            }

            // What comes of a mark within a member is no text, so it is read to its end before any of it is returned.
            _rest = new MemoryStream();
            _rest.Write(buffer[..count]);
            _text.CopyTo(_rest);
        }
        catch (InvalidDataException error) when (_file.IsMarked)
        {
            throw EndsEarly(error);
        }

        int length = (int)_rest.Length - s_mark.Length;
        if (length < 0 || !_rest.GetBuffer().AsSpan(length, s_mark.Length).SequenceEqual(s_mark))
        {
            throw EndsEarly(null);
        }

        _rest.SetLength(length);
        _rest.Position = 0;
        return _rest.Read(buffer);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _text.Dispose();
        }

        base.Dispose(disposing);
    }

    private static InvalidDataException EndsEarly(Exception? inner) => new("the gzip stream ends early: the file was cut off", inner);

    private static byte[] Compress(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    /// <summary>A file and the mark behind it, which a read never returns together.</summary>
    private sealed class MarkedStream(Stream file) : ForwardStream
    {
        private readonly MemoryStream _mark = new(s_member, writable: false);

        /// <summary>Whether the file has ended, and the mark was read.</summary>
        public bool IsMarked => _mark.Position > 0;

        public override int Read(Span<byte> buffer) => !IsMarked && file.Read(buffer) is var count and > 0 ? count : _mark.Read(buffer);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                file.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
