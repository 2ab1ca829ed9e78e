using System.Text.Json.Nodes;

namespace Data2Vec.ModelFile;

/// <summary>A model file without the elements of its tensors, for <see cref="D2vWriter"/>.</summary>
public sealed class D2vContents
{
    /// <summary>The architecture, such as <c>data2vec-audio</c>: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The architecture's configuration.</summary>
    public JsonObject Config { get; init; } = [];

    /// <summary>The model's origin.</summary>
    public JsonObject Provenance { get; init; } = [];

    /// <summary>The tensors, in the order of their data in the file.</summary>
    public IList<TensorDeclaration> Tensors { get; init; } = [];

    /// <summary>The assets by name. Their data follows that of the tensors.</summary>
    public IDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } =
        new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
}

/// <summary>
/// Writes a model file of any size in little memory. It is written beside the target under another name. <see cref="Complete"/> flushes it to
/// the disk and renames it. Any failure before leaves the target unchanged.
/// </summary>
/// <example>
/// <code>
/// using var writer = D2vWriter.Create("model.d2v", contents);
/// foreach (TensorDeclaration tensor in contents.Tensors)
///     writer.Write(tensor.Name, source[tensor.Name].Read);
/// writer.Complete();
/// </code>
/// </example>
public sealed class D2vWriter : IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly Stream _stream;
    private readonly string? _path, _temporaryPath;
    private readonly D2vContents _contents;
    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);
    private readonly List<AssetInfo> _assets = [];
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private int _headerLength;
    private bool _closed;

    private D2vWriter(D2vContents contents, Stream stream, string? path, string? temporaryPath)
    {
        (_contents, _stream, _path, _temporaryPath) = (contents, stream, path, temporaryPath);
        Declare();
        Length = Place();

        // Padding is not written; it reads as zero.
        _stream.SetLength(0);
        _stream.SetLength(Length);
        foreach (AssetInfo asset in _assets)
        {
            _stream.Position = asset.Offset;
            _stream.Write(contents.Assets[asset.Name].Span);
        }
    }

    /// <summary>The length of the finished file in bytes.</summary>
    public long Length { get; }

    /// <summary>Begins a file, which <see cref="Complete"/> creates or replaces.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="contents">Everything but the elements. It must not change until the writer is disposed.</param>
    /// <exception cref="ArgumentException">The contents violate the format.</exception>
    public static D2vWriter Create(string path, D2vContents contents)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(contents);
        string target = Path.GetFullPath(path);
        string temporary = $"{target}.{Path.GetRandomFileName()}.tmp";
        var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
        try
        {
            return new D2vWriter(contents, stream, target, temporary);
        }
        catch
        {
            Discard(stream, temporary);
            throw;
        }
    }

    /// <summary>Replaces the contents of a stream, which is left open at its end.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="contents">Everything but the elements. It must not change until the writer is disposed.</param>
    /// <exception cref="ArgumentException">The contents violate the format.</exception>
    public static D2vWriter Create(Stream stream, D2vContents contents)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(contents);
        if (!stream.CanSeek || !stream.CanWrite)
        {
            throw new ArgumentException("the stream must be able to seek and write", nameof(stream));
        }

        return new D2vWriter(contents, stream, null, null);
    }

    /// <summary>Writes a declared tensor from its elements, which are converted to its number format and layout.</summary>
    /// <param name="name">The tensor's name. Tensors may be written in any order, each once.</param>
    /// <param name="read">Reads the elements; for i8, twice.</param>
    /// <exception cref="InvalidDataException">An element does not fit the number format.</exception>
    public void Write(string name, ReadElements read)
    {
        ArgumentNullException.ThrowIfNull(read);
        Write(name, sink => TensorEncoder.Encode(sink, read));
    }

    /// <summary>Writes a declared tensor from its bytes in the file's format.</summary>
    /// <param name="name">The tensor's name. Tensors may be written in any order, each once.</param>
    /// <param name="write">Writes exactly the tensor's bytes.</param>
    /// <exception cref="InvalidOperationException">It wrote more or fewer bytes, or the tensor was written before.</exception>
    public void Write(string name, Action<TensorSink> write)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        ArgumentNullException.ThrowIfNull(write);
        if (!_tensors.TryGetValue(name, out TensorInfo? tensor))
        {
            throw new ArgumentException($"tensor '{name}' was not declared", nameof(name));
        }

        if (_written.Contains(name))
        {
            throw new InvalidOperationException($"tensor '{name}' was written before");
        }

        _stream.Position = tensor.Offset;
        var sink = new TensorSink(_stream, tensor);
        write(sink);
        if (sink.Written != tensor.Bytes)
        {
            throw new InvalidOperationException($"tensor '{name}' was given {sink.Written} bytes of its {tensor.Bytes}");
        }

        _tensors[name] = tensor with { Crc32C = sink.Crc };
        _written.Add(name);
    }

    /// <summary>Finishes the file and moves it to its path.</summary>
    /// <exception cref="InvalidOperationException">A tensor was not written.</exception>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (_tensors.Keys.FirstOrDefault(name => !_written.Contains(name)) is { } missing)
        {
            throw new InvalidOperationException($"tensor '{missing}' was not written");
        }

        WriteHeader();
        if (_stream is FileStream file && _temporaryPath is not null)
        {
            file.Flush(flushToDisk: true);
            file.Dispose();
            File.Move(_temporaryPath, _path!, overwrite: true);
        }
        else
        {
            _stream.Flush();
        }

        _closed = true;
    }

    /// <summary>Discards the file, unless it was completed.</summary>
    public void Dispose()
    {
        if (!_closed && _temporaryPath is not null)
        {
            Discard(_stream, _temporaryPath);
        }

        _closed = true;
    }

    private static void Discard(Stream stream, string path)
    {
        try
        {
            stream.Dispose();
        }
        finally
        {
            File.Delete(path);
        }
    }

    private void Declare()
    {
        if (!D2vFormat.IsName(_contents.Architecture))
        {
            throw new ArgumentException($"'{_contents.Architecture}' is not a valid name of an architecture");
        }

        if (_contents.Tensors.Count > D2vFormat.MaxEntries || _contents.Assets.Count > D2vFormat.MaxEntries)
        {
            throw new ArgumentException($"a model file has at most {D2vFormat.MaxEntries} tensors and assets");
        }

        foreach (TensorDeclaration tensor in _contents.Tensors)
        {
            RequireName(tensor.Name);
            TensorDeclaration declared = tensor with { Shape = [.. tensor.Shape] };
            if (D2vFormat.Measure(declared, out long bytes) is { } complaint)
            {
                throw new ArgumentException($"tensor '{tensor.Name}' {complaint}");
            }

            if (!_tensors.TryAdd(tensor.Name, TensorInfo.Create(declared, bytes)))
            {
                throw new ArgumentException($"tensor '{tensor.Name}' is declared twice");
            }
        }

        foreach ((string name, ReadOnlyMemory<byte> data) in _contents.Assets)
        {
            RequireName(name);
            _assets.Add(new AssetInfo { Name = name, Offset = 0, Bytes = data.Length, Crc32C = Crc32C.Compute(data.Span) });
        }
    }

    // The header contains the offsets, which depend on its length. Larger offsets never make it shorter, so this ends.
    private long Place()
    {
        for (long start = D2vPreamble.Size; ;)
        {
            long end = PlaceFrom(start);
            _headerLength = HeaderJson().Length;
            long needed = D2vFormat.Align(D2vPreamble.Size + _headerLength);
            if (needed == start)
            {
                return end;
            }

            start = needed;
        }
    }

    private long PlaceFrom(long position)
    {
        foreach (TensorDeclaration tensor in _contents.Tensors)
        {
            _tensors[tensor.Name] = PlaceAt(_tensors[tensor.Name], ref position);
        }

        for (int i = 0; i < _assets.Count; i++)
        {
            _assets[i] = PlaceAt(_assets[i], ref position);
        }

        return position;
    }

    private static T PlaceAt<T>(T entry, ref long position)
        where T : DataEntry
    {
        T placed = entry with { Offset = position };
        position = D2vFormat.Align(checked(position + placed.Bytes));
        return placed;
    }

    private void WriteHeader()
    {
        byte[] json = HeaderJson();
        if (json.Length != _headerLength)
        {
            throw new InvalidOperationException("the contents changed after the writer was created");
        }

        _stream.Position = 0;
        _stream.Write(new D2vPreamble((ulong)json.Length, (ulong)Length, Crc32C.Compute(json)).ToArray());
        _stream.Write(json);
        _stream.Position = Length;
    }

    private byte[] HeaderJson()
    {
        byte[] json = D2vHeader.Write(_contents, _contents.Tensors.Select(tensor => _tensors[tensor.Name]), _assets);
        return json.Length <= D2vFormat.MaxHeaderBytes
            ? json
            : throw new ArgumentException($"the header takes {json.Length} bytes; {D2vFormat.MaxHeaderBytes} is the most");
    }

    private static void RequireName(string name)
    {
        if (!D2vFormat.IsName(name))
        {
            throw new ArgumentException($"'{name}' is not {D2vFormat.NameRule}");
        }
    }
}
