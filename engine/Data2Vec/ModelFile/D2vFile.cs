using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace Data2Vec.ModelFile;

/// <summary>
/// A model file (<c>.d2v</c>), mapped into memory read-only. FORMAT.md beside this file is its specification.
/// </summary>
/// <remarks>
/// Safe to use from any number of threads until it is disposed. Addresses and spans that it gave must not be used after
/// that. A mapped file must not be cut short while it is open: replace it by renaming, as <see cref="D2vWriter"/> does.
/// </remarks>
public sealed class D2vFile : IDisposable
{
    private const int ChunkBytes = 8 << 20;
    private const int BufferBytes = 256 << 10;

    private readonly ModelBytes _bytes;
    private readonly Region[] _regions;
    private bool _disposed;

    private D2vFile(ModelBytes bytes, string path)
    {
        _bytes = bytes;
        Path = path;
        D2vHeader header = ReadHeader(bytes, out Region headerRegion);
        Architecture = header.Architecture;
        Config = header.Config;
        Provenance = header.Provenance;
        Tensors = header.Tensors;
        Assets = header.Assets;
        _regions = Arrange(headerRegion, header, bytes.Length);
    }

    private D2vFile(D2vFile other)
    {
        (Path, Architecture, Config, Provenance, Tensors, Assets) = (other.Path, other.Architecture, other.Config, other.Provenance, other.Tensors, other.Assets);
        _regions = other._regions;
        _bytes = other._bytes.Share();
    }

    private D2vFile(D2vFile whole, string name)
    {
        string prefix = $"{name}.";
        JsonElement description = ConfigReader.Property(whole.Config, name, JsonValueKind.Object);
        Architecture = ConfigReader.Property(description, "architecture", JsonValueKind.String).GetString()!;
        Config = ConfigReader.Property(description, "config", JsonValueKind.Object);
        Path = $"{whole.Path} ({name})";
        Provenance = whole.Provenance;
        Tensors = whole.Tensors.Values.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(tensor => tensor with { Name = tensor.Name[prefix.Length..] }).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Assets = whole.Assets.Values.Where(asset => asset.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(asset => asset with { Name = asset.Name[prefix.Length..] }).ToDictionary(asset => asset.Name, StringComparer.Ordinal);
        _regions = whole._regions;
        _bytes = whole._bytes.Share();
    }

    /// <summary>The path the file was opened with, or the name that was given with its bytes; of a part, with the part's name behind.</summary>
    public string Path { get; }

    /// <summary>The length of the file in bytes.</summary>
    public long Length => _bytes.Length;

    /// <summary>The architecture, such as <c>data2vec-audio</c>.</summary>
    public string Architecture { get; }

    /// <summary>The values that the architecture is built from: a JSON object.</summary>
    public JsonElement Config { get; }

    /// <summary>Where the model came from: a JSON object.</summary>
    public JsonElement Provenance { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The assets by name.</summary>
    public IReadOnlyDictionary<string, AssetInfo> Assets { get; }

    /// <summary>Maps a model file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="verify">Whether to check every byte of the data too, see <see cref="Verify"/>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a model file, or it is damaged.</exception>
    public static D2vFile Open(string path, bool verify = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        RequireLittleEndian();
        return Open(() => MappedBytes.Open(path), path, verify);
    }

    /// <summary>Copies a model from a stream, from where the stream stands to its end.</summary>
    /// <param name="stream">The stream; it is left open.</param>
    /// <param name="name">What to call the model in messages.</param>
    /// <param name="verify">Whether to check every byte of the data too, see <see cref="Verify"/>.</param>
    /// <exception cref="InvalidDataException">The bytes are not a model file, or are damaged.</exception>
    public static D2vFile Open(Stream stream, string name, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(name);
        RequireLittleEndian();
        return Open(() => CopiedBytes.From(stream), name, verify);
    }

    /// <summary>Copies a model from a stream without holding a thread while bytes are awaited; every byte is checked.</summary>
    internal static async Task<D2vFile> OpenAsync(Stream stream, string name, CancellationToken cancellation)
    {
        RequireLittleEndian();
        CopiedBytes copy = await CopiedBytes.FromAsync(stream, cancellation).ConfigureAwait(false);
        return Open(() => copy, name, verify: true);
    }

    /// <summary>Copies a model from memory.</summary>
    /// <param name="bytes">All the bytes of a model file.</param>
    /// <param name="name">What to call the model in messages.</param>
    /// <param name="verify">Whether to check every byte of the data too, see <see cref="Verify"/>.</param>
    /// <exception cref="InvalidDataException">The bytes are not a model file, or are damaged.</exception>
    public static D2vFile Open(ReadOnlySpan<byte> bytes, string name, bool verify = true)
    {
        ArgumentNullException.ThrowIfNull(name);
        RequireLittleEndian();
        CopiedBytes copy = CopiedBytes.From(bytes);
        return Open(() => copy, name, verify);
    }

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="InvalidDataException">The file has none.</exception>
    public TensorInfo Tensor(string name) =>
        Tensors.TryGetValue(name, out TensorInfo? tensor)
            ? tensor
            : throw new InvalidDataException($"{Path}: there is no tensor '{name}'");

    /// <summary>The address of a tensor's data, a multiple of 64, good until this file is disposed.</summary>
    /// <exception cref="ArgumentException">The tensor is not one of <see cref="Tensors"/>.</exception>
    [SuppressMessage("Naming", "CA1720", Justification = "It is a pointer, and that is what callers look for.")]
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
    /// <param name="destination">What to fill: <see cref="TensorInfo.Count"/> elements.</param>
    public unsafe void Read(TensorInfo tensor, Span<float> destination)
    {
        nint address = Pointer(tensor);
        if (destination.Length != tensor.Count)
        {
            throw new ArgumentException(
                $"tensor '{tensor.Name}' has {tensor.Count} elements, not {destination.Length}", nameof(destination));
        }

        TensorDecoder.Decode(tensor, (byte*)address, destination);
        GC.KeepAlive(this);
    }

    /// <summary>The bytes of an asset, good until this file is disposed.</summary>
    /// <exception cref="InvalidDataException">The file has no asset of this name.</exception>
    public ReadOnlySpan<byte> Asset(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Assets.TryGetValue(name, out AssetInfo? asset)
            ? _bytes.Slice(asset.Offset, asset.Bytes)
            : throw new InvalidDataException($"{Path}: there is no asset '{name}'");
    }

    /// <summary>
    /// Checks the CRC-32C of every tensor and asset and that the padding between them is zero. With what opening always
    /// checks, no byte of the file is left out.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged; the message names the place.</exception>
    public void Verify()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        (int Region, long Offset, int Length)[] chunks = [.. Chunks()];
        uint[] crcs = new uint[chunks.Length];
        try
        {
            Parallel.For(
                0,
                chunks.Length,
                () => new byte[BufferBytes],
                (i, _, buffer) =>
                {
                    crcs[i] = ChunkCrc(chunks[i].Offset, chunks[i].Length, buffer);
                    return buffer;
                },
                _ => { });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        uint[] whole = new uint[_regions.Length];
        for (int i = 0; i < chunks.Length; i++)
        {
            whole[chunks[i].Region] = Crc32C.Combine(whole[chunks[i].Region], crcs[i], chunks[i].Length);
        }

        Span<byte> padding = stackalloc byte[D2vFormat.Alignment];
        for (int i = 0; i < _regions.Length; i++)
        {
            Region region = _regions[i];
            if (whole[i] != region.Crc32C)
            {
                throw new InvalidDataException(
                    $"{Path}: {region.What} is damaged: its CRC-32C is {whole[i]:x8}, not {region.Crc32C:x8}; "
                    + "copy or convert the file again");
            }

            int place = _bytes.Read(region.End, padding[..(int)(region.PaddedEnd - region.End)])
                .IndexOfAnyExcept((byte)0);
            if (place >= 0)
            {
                throw new InvalidDataException(
                    $"{Path}: the padding after {region.What} is not zero at byte {region.End + place}; "
                    + "copy or convert the file again");
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>Closes the file; addresses and spans that it gave are void from now on.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _disposed, true))
        {
            _bytes.Dispose();
        }
    }

    /// <summary>Creates another view of this file. The memory stays until all views are disposed.</summary>
    public D2vFile Share() => new(this);

    /// <summary>
    /// Opens a model inside this file, in the same memory, which stays until both are disposed. <c>config.NAME</c> has the part's architecture and
    /// configuration, and the names of its tensors and assets begin with <c>NAME.</c>.
    /// </summary>
    /// <param name="name">The name of the part.</param>
    /// <exception cref="InvalidDataException">There is no such part.</exception>
    public D2vFile Part(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            return new D2vFile(this, name);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{Path}: {e.Message}", e);
        }
    }

    private static D2vFile Open(Func<ModelBytes> open, string path, bool verify)
    {
        ModelBytes? bytes = null;
        D2vFile file;
        try
        {
            bytes = open();
            file = new D2vFile(bytes, path);
        }
        catch (Exception e)
        {
            bytes?.Dispose();
            if (e is InvalidDataException)
            {
                throw new InvalidDataException($"{path}: {e.Message}", e);
            }

            throw;
        }

        try
        {
            if (verify)
            {
                file.Verify();
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void RequireLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("model files are mapped as they are, which needs a little-endian machine");
        }
    }

    private static D2vHeader ReadHeader(ModelBytes bytes, out Region region)
    {
        ReadOnlySpan<byte> preamble = bytes.Slice(0, (int)Math.Min(bytes.Length, D2vFormat.PreambleBytes));
        if (preamble.Length < D2vFormat.PreambleBytes || !preamble.StartsWith(D2vFormat.Magic))
        {
            throw new InvalidDataException(FileKind.Complaint(preamble));
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(preamble[4..]);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(preamble[8..]);
        ulong fileLength = D2vFormat.FileLength(preamble);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(preamble[24..]);
        if (version != D2vFormat.Version)
        {
            throw new InvalidDataException(
                $"the file has format version {version}; this program reads version {D2vFormat.Version}");
        }

        if (preamble[28..].ContainsAnyExcept((byte)0))
        {
            throw new InvalidDataException("the bytes 28 to 63 are not all zero; copy or convert the file again");
        }

        if (fileLength != (ulong)bytes.Length)
        {
            throw new InvalidDataException(
                $"the file has {bytes.Length} bytes and should have {fileLength}; copy or convert it again");
        }

        if (headerLength > D2vFormat.MaxHeaderBytes)
        {
            throw new InvalidDataException(
                $"the header is {headerLength} bytes long; {D2vFormat.MaxHeaderBytes} is the most");
        }

        if (headerLength > fileLength - D2vFormat.PreambleBytes)
        {
            throw new InvalidDataException(
                $"the header of {headerLength} bytes reaches past the end of the file ({fileLength} bytes)");
        }

        ReadOnlySpan<byte> json = bytes.Slice(D2vFormat.PreambleBytes, (int)headerLength);
        uint actual = Crc32C.Compute(json);
        if (actual != crc)
        {
            throw new InvalidDataException(
                $"the header is damaged: its CRC-32C is {actual:x8}, not {crc:x8}; copy or convert the file again");
        }

        region = new Region("the header", D2vFormat.PreambleBytes, json.Length, crc);
        return D2vHeader.Parse(json.ToArray());
    }

    // The header and the data, in the order they lie in the file. Each begins where the padding of the one before ends,
    // so that every byte of the file belongs to exactly one of them.
    private static Region[] Arrange(Region headerRegion, D2vHeader header, long fileLength)
    {
        Region[] data =
        [
            .. header.Tensors.Values.Select(t => new Region($"tensor '{t.Name}'", t.Offset, t.Bytes, t.Crc32C)),
            .. header.Assets.Values.Select(a => new Region($"asset '{a.Name}'", a.Offset, a.Bytes, a.Crc32C)),
        ];
        foreach (Region region in data)
        {
            if (region.Offset % D2vFormat.Alignment != 0)
            {
                throw new InvalidDataException(
                    $"{region.What} begins at byte {region.Offset}, not at a multiple of {D2vFormat.Alignment}");
            }

            if (region.Offset > fileLength || region.Bytes > fileLength - region.Offset)
            {
                throw new InvalidDataException(
                    $"{region.What} reaches past the end of the file ({region.Bytes} bytes at {region.Offset}, "
                    + $"the file has {fileLength})");
            }
        }

        // An empty asset begins where the next thing does, and comes first.
        data = [.. data.OrderBy(region => region.Offset).ThenBy(region => region.Bytes)];
        Region previous = headerRegion;
        foreach (Region region in data)
        {
            if (region.Offset < previous.End)
            {
                throw new InvalidDataException(
                    $"{region.What} at byte {region.Offset} overlaps {previous.What}, which ends at {previous.End}");
            }

            if (region.Offset != previous.PaddedEnd)
            {
                throw new InvalidDataException(
                    $"{region.What} begins at byte {region.Offset}, not where {previous.What} ends, "
                    + $"{previous.PaddedEnd}");
            }

            previous = region;
        }

        if (previous.PaddedEnd != fileLength)
        {
            throw new InvalidDataException(
                $"the data ends at byte {previous.PaddedEnd} and the file at {fileLength}");
        }

        return [headerRegion, .. data];
    }

    private uint ChunkCrc(long offset, int length, byte[] buffer)
    {
        uint crc = 0;
        for (int done = 0; done < length; done += buffer.Length)
        {
            Span<byte> part = buffer.AsSpan(0, Math.Min(buffer.Length, length - done));
            crc = Crc32C.Append(crc, _bytes.Read(offset + done, part));
        }

        return crc;
    }

    private IEnumerable<(int Region, long Offset, int Length)> Chunks()
    {
        for (int i = 0; i < _regions.Length; i++)
        {
            for (long offset = _regions[i].Offset; offset < _regions[i].End; offset += ChunkBytes)
            {
                yield return (i, offset, (int)Math.Min(ChunkBytes, _regions[i].End - offset));
            }
        }
    }

    private sealed record Region(string What, long Offset, long Bytes, uint Crc32C)
    {
        public long End => Offset + Bytes;

        public long PaddedEnd => D2vFormat.Align(End);
    }
}
