using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Data2Vec.ModelFile;

/// <summary>A model file (<c>.d2v</c>), mapped into memory read-only. FORMAT.md beside this source file is its specification.</summary>
/// <remarks>
/// Safe for any number of threads until it is disposed. Its addresses and spans must not be used after that. A mapped file must not be truncated
/// while it is open: replace it by renaming, as <see cref="D2vWriter"/> does.
/// </remarks>
public sealed class D2vFile : IDisposable
{
    private const int ChunkBytes = 8 << 20;
    private const int BufferBytes = 256 << 10;

    private readonly ModelBytes _bytes;
    private readonly DataEntry[] _entries;
    private bool _disposed;

    private D2vFile(ModelBytes bytes, string path)
    {
        _bytes = bytes;
        Path = path;
        var preamble = D2vPreamble.Read(bytes.Slice(0, (int)Math.Min(bytes.Length, D2vPreamble.Size)), bytes.Length);
        ReadOnlySpan<byte> json = bytes.Slice(D2vPreamble.Size, (int)preamble.HeaderLength);
        uint crc = Crc32C.Compute(json);
        if (crc != preamble.HeaderCrc)
        {
            throw new InvalidDataException($"the header is damaged: its CRC-32C is {crc:x8}, not {preamble.HeaderCrc:x8}; copy or convert the file again");
        }

        var header = D2vHeader.Parse(json.ToArray());
        (Architecture, Config, Provenance, Tensors, Assets) = (header.Architecture, header.Config, header.Provenance, header.Tensors, header.Assets);
        _entries = Arrange(
            new HeaderEntry { Name = "", Offset = D2vPreamble.Size, Bytes = json.Length, Crc32C = crc }, [.. Tensors.Values, .. Assets.Values], bytes.Length);
    }

    private D2vFile(D2vFile other)
    {
        (Path, Architecture, Config, Provenance) = (other.Path, other.Architecture, other.Config, other.Provenance);
        (Tensors, Assets, _entries, _bytes) = (other.Tensors, other.Assets, other._entries, other._bytes.Share());
    }

    private D2vFile(D2vFile whole, string name)
    {
        JsonFields part = JsonFields.Configuration(whole.Config).Object(name);
        (Path, Architecture, Config, Provenance) = ($"{whole.Path} ({name})", part.Text("architecture"), part.Object("config").Json, whole.Provenance);
        (Tensors, Assets) = (Part(whole.Tensors.Values, $"{name}."), Part(whole.Assets.Values, $"{name}."));
        (_entries, _bytes) = (whole._entries, whole._bytes.Share());
    }

    /// <summary>The path of the file, or the name that was given with its bytes. A part has its name in parentheses after it.</summary>
    public string Path { get; }

    /// <summary>The length of the file in bytes.</summary>
    public long Length => _bytes.Length;

    /// <summary>The architecture, such as <c>data2vec-audio</c>.</summary>
    public string Architecture { get; }

    /// <summary>The architecture's configuration: a JSON object.</summary>
    public JsonElement Config { get; }

    /// <summary>The model's origin: a JSON object.</summary>
    public JsonElement Provenance { get; }

    /// <summary>The id of the published model that the file was made from, such as <c>facebook/data2vec-audio-base-960h</c>; null for other files.</summary>
    public string? ModelId => OriginText("id");

    /// <summary>The architecture whose head was left out when the file was made, because it does not label whole inputs; null for other files.</summary>
    internal string? LeftOutHead => OriginText("left_out_head");

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The assets by name.</summary>
    public IReadOnlyDictionary<string, AssetInfo> Assets { get; }

    /// <summary>Maps a model file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="verify">Whether to check the data too, see <see cref="Verify"/>.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">The file is not a model file, or is damaged.</exception>
    public static D2vFile Open(string path, bool verify = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(() => MappedBytes.Open(path), path, verify);
    }

    /// <summary>Copies a model from the rest of a stream.</summary>
    /// <param name="stream">The stream; it is left open.</param>
    /// <param name="name">The model's name in messages.</param>
    /// <param name="verify">Whether to check the data too, see <see cref="Verify"/>.</param>
    /// <exception cref="InvalidDataException">The bytes are not a model file, or are damaged.</exception>
    public static D2vFile Open(Stream stream, string name, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(name);
        return Open(() => CopiedBytes.From(stream), name, verify);
    }

    /// <summary>Copies a model from a stream without blocking a thread, and checks its data.</summary>
    internal static async Task<D2vFile> OpenAsync(Stream stream, string name, CancellationToken cancellation)
    {
        CopiedBytes copy = await CopiedBytes.FromAsync(stream, cancellation).ConfigureAwait(false);
        return Open(() => copy, name, verify: true);
    }

    /// <summary>Copies a model from memory.</summary>
    /// <param name="bytes">The whole model file.</param>
    /// <param name="name">The model's name in messages.</param>
    /// <param name="verify">Whether to check the data too, see <see cref="Verify"/>.</param>
    /// <exception cref="InvalidDataException">The bytes are not a model file, or are damaged.</exception>
    public static D2vFile Open(ReadOnlySpan<byte> bytes, string name, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(name);
        CopiedBytes copy = CopiedBytes.From(bytes);
        return Open(() => copy, name, verify);
    }

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="InvalidDataException">The file has none.</exception>
    public TensorInfo Tensor(string name) =>
        Tensors.TryGetValue(name, out TensorInfo? tensor)
            ? tensor
            : throw new InvalidDataException($"{Path}: there is no tensor '{name}'");

    /// <summary>The address of a tensor's data: a multiple of 64, valid until this file is disposed.</summary>
    /// <exception cref="ArgumentException">The tensor is not one of <see cref="Tensors"/>.</exception>
    [SuppressMessage("Naming", "CA1720", Justification = "The method returns a pointer.")]
    public nint Pointer(TensorInfo tensor)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(tensor);
        return Tensors.TryGetValue(tensor.Name, out TensorInfo? own) && ReferenceEquals(own, tensor)
            ? _bytes.Address + (nint)tensor.Offset
            : throw new ArgumentException($"tensor '{tensor.Name}' is not of {Path}", nameof(tensor));
    }

    /// <summary>The elements of a tensor as floats in PyTorch's row-major order, whatever its format and layout.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="destination">Receives <see cref="TensorInfo.Count"/> elements.</param>
    public void Read(TensorInfo tensor, Span<float> destination)
    {
        nint address = Pointer(tensor);
        if (destination.Length != tensor.Count)
        {
            throw new ArgumentException($"tensor '{tensor.Name}' has {tensor.Count} elements, not {destination.Length}", nameof(destination));
        }

        new WeightData(address, tensor.Type, tensor.Layout, tensor.Shape) { Groups = tensor.Groups }.CopyTo(destination);
        GC.KeepAlive(this);
    }

    /// <summary>The bytes of an asset, valid until this file is disposed.</summary>
    /// <exception cref="InvalidDataException">The file has no asset of this name.</exception>
    public ReadOnlySpan<byte> Asset(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Assets.TryGetValue(name, out AssetInfo? asset)
            ? _bytes.Slice(asset.Offset, checked((int)asset.Bytes))
            : throw new InvalidDataException($"{Path}: there is no asset '{name}'");
    }

    /// <summary>
    /// Checks the CRC-32C of every tensor and asset, and that the padding between them is zero. Together with the checks of opening, this covers
    /// every byte of the file.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged; the message names the place.</exception>
    public void Verify()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        FileErrors.Named(Path, VerifyData);
    }

    private bool VerifyData()
    {
        (int Entry, long Offset, int Length)[] chunks = [.. Chunks()];
        uint[] crcs = new uint[chunks.Length];
        try
        {
            Parallel.For(0, chunks.Length, i => crcs[i] = ChunkCrc(chunks[i].Offset, chunks[i].Length));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        uint[] whole = new uint[_entries.Length];
        for (int i = 0; i < chunks.Length; i++)
        {
            whole[chunks[i].Entry] = Crc32C.Combine(whole[chunks[i].Entry], crcs[i], chunks[i].Length);
        }

        Span<byte> padding = stackalloc byte[D2vFormat.Alignment];
        for (int i = 0; i < _entries.Length; i++)
        {
            DataEntry entry = _entries[i];
            if (whole[i] != entry.Crc32C)
            {
                throw new InvalidDataException(
                    $"{entry.Description} is damaged: its CRC-32C is {whole[i]:x8}, not {entry.Crc32C:x8}; copy or convert the file again");
            }

            int place = _bytes.Read(entry.End, padding[..(int)(entry.PaddedEnd - entry.End)]).IndexOfAnyExcept((byte)0);
            if (place >= 0)
            {
                throw new InvalidDataException(
                    $"the padding after {entry.Description} is not zero at byte {entry.End + place}; copy or convert the file again");
            }
        }

        GC.KeepAlive(this);
        return true;
    }

    /// <summary>
    /// Computes the SHA-256 of the file's bytes, which identifies the model: two files with the same digest give the same results. It is that of
    /// <c>sha256sum</c>. Unlike the CRCs in the header, it also tells apart files that somebody made alike on purpose.
    /// </summary>
    /// <returns>64 lower-case hexadecimal digits. Of a part, the digest of the whole file.</returns>
    public string ComputeDigest()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        for (long offset = 0; offset < _bytes.Length; offset += buffer.Length)
        {
            hash.AppendData(_bytes.Read(offset, buffer.AsSpan(0, (int)Math.Min(buffer.Length, _bytes.Length - offset))));
        }

        ArrayPool<byte>.Shared.Return(buffer);
        GC.KeepAlive(this);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Closes the file. Its addresses and spans become invalid.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _disposed, true))
        {
            _bytes.Dispose();
        }
    }

    /// <summary>Creates another handle to this file. The memory is freed when all handles are disposed.</summary>
    public D2vFile Share() => new(this);

    /// <summary>
    /// Opens a model inside this file, in the same memory, which is freed when both are disposed. <c>config.NAME</c> has the part's architecture
    /// and configuration, and the names of its tensors and assets begin with <c>NAME.</c>.
    /// </summary>
    /// <param name="name">The name of the part.</param>
    /// <exception cref="InvalidDataException">The file has no such part.</exception>
    public D2vFile Part(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return FileErrors.Named(Path, () => new D2vFile(this, name));
    }

    private static D2vFile Open(Func<ModelBytes> open, string path, bool verify) => FileErrors.Named(path, () =>
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("model files are used in place, which requires a little-endian machine");
        }

        ModelBytes bytes = open();
        try
        {
            var file = new D2vFile(bytes, path);
            if (verify)
            {
                file.VerifyData();
            }

            return file;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    });

    private static Dictionary<string, T> Part<T>(IEnumerable<T> entries, string prefix)
        where T : DataEntry => entries.Where(entry => entry.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(entry => entry with { Name = entry.Name[prefix.Length..] }).ToDictionary(entry => entry.Name, StringComparer.Ordinal);

    /// <summary>
    /// Puts the header and the data in the order of their places, and checks that each begins where the padding of the previous one ends. So
    /// every byte of the file belongs to exactly one of them.
    /// </summary>
    private static DataEntry[] Arrange(HeaderEntry header, DataEntry[] data, long fileLength)
    {
        foreach (DataEntry entry in data)
        {
            if (entry.Offset % D2vFormat.Alignment != 0)
            {
                throw new InvalidDataException($"{entry.Description} begins at byte {entry.Offset}, not at a multiple of {D2vFormat.Alignment}");
            }

            if (entry.Offset > fileLength || entry.Bytes > fileLength - entry.Offset)
            {
                throw new InvalidDataException(
                    $"{entry.Description} reaches past the end of the file ({entry.Bytes} bytes at {entry.Offset}, the file has {fileLength})");
            }
        }

        // An empty asset has the same offset as the next entry, and comes first.
        data = [.. data.OrderBy(entry => entry.Offset).ThenBy(entry => entry.Bytes)];
        DataEntry previous = header;
        foreach (DataEntry entry in data)
        {
            if (entry.Offset < previous.End)
            {
                throw new InvalidDataException($"{entry.Description} at byte {entry.Offset} overlaps {previous.Description}, which ends at {previous.End}");
            }

            if (entry.Offset != previous.PaddedEnd)
            {
                throw new InvalidDataException(
                    $"{entry.Description} begins at byte {entry.Offset}, not where {previous.Description} ends, {previous.PaddedEnd}");
            }

            previous = entry;
        }

        return previous.PaddedEnd == fileLength
            ? [header, .. data]
            : throw new InvalidDataException($"the data ends at byte {previous.PaddedEnd} and the file at {fileLength}");
    }

    private uint ChunkCrc(long offset, int length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        uint crc = 0;
        for (int done = 0; done < length; done += buffer.Length)
        {
            Span<byte> part = buffer.AsSpan(0, Math.Min(buffer.Length, length - done));
            crc = Crc32C.Append(crc, _bytes.Read(offset + done, part));
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return crc;
    }

    private string? OriginText(string name) =>
        Provenance.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private IEnumerable<(int Entry, long Offset, int Length)> Chunks()
    {
        for (int i = 0; i < _entries.Length; i++)
        {
            for (long offset = _entries[i].Offset; offset < _entries[i].End; offset += ChunkBytes)
            {
                yield return (i, offset, (int)Math.Min(ChunkBytes, _entries[i].End - offset));
            }
        }
    }
}
