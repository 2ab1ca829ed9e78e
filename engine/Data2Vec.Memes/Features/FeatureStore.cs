using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Data2Vec.Memes.Features;

/// <summary>
/// Stores the features of images in a file, so that each image is encoded once and interrupted work resumes. Features stay in the file until
/// they are read.
/// </summary>
/// <remarks>
/// File format, little-endian: <c>"D2VFEAT1"</c>, the 32-byte digest of the encoders, the number of features (u32), then records. A record has
/// the lengths in bytes of key and text (u32 each), the key and the text (UTF-8), the features (f32), and the CRC-32C of all of these (u32).
/// Opening a file removes an incomplete record, which an interrupted write leaves behind, and everything after it.
/// </remarks>
public sealed class FeatureStore : IDisposable
{
    private const int MaxBytes = 1 << 24;

    private readonly FileStream _file;
    private readonly int _featureSize;
    private readonly Dictionary<string, long> _offsets = new(StringComparer.Ordinal);
    private long _end;

    private FeatureStore(FileStream file, int featureSize)
    {
        (_file, _featureSize) = (file, featureSize);
        do
        {
            _end = file.Position;
        }
        while (ReadRecord());
        file.SetLength(_end);
    }

    /// <summary>The number of images with stored features.</summary>
    public int Count => _offsets.Count;

    private static ReadOnlySpan<byte> Magic => "D2VFEAT1"u8;

    /// <summary>Opens or creates a file.</summary>
    /// <param name="path">The file. No other process may have it open.</param>
    /// <param name="encoders">The encoders of the features.</param>
    /// <exception cref="InvalidDataException">The file is of another kind, or has the features of other encoders.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static FeatureStore Open(string path, MemeEncoders encoders)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoders);
        byte[] header = [.. Magic, .. encoders.Identity(), .. BitConverter.GetBytes(encoders.FeatureSize)], found = new byte[header.Length];
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            int length = file.ReadAtLeast(found, found.Length, throwOnEndOfStream: false);
            if (length == 0)
            {
                file.Write(header);
            }
            else if (length < header.Length || !found.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            {
                throw new InvalidDataException($"{path}: not a file of features; give another name or delete it");
            }
            else if (!found.AsSpan().SequenceEqual(header))
            {
                throw new InvalidDataException($"{path}: the features come from other encoders or another text recognizer; give another name or delete it");
            }

            return new FeatureStore(file, encoders.FeatureSize);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The key of an image's features: its path, and the size and modification time of the image and of its text file.</summary>
    public static string KeyOf(string path)
    {
        return $"{Path.GetFullPath(path)}{Stamp(path)}{Stamp(path + Meme.TextExtension)}";

        static string Stamp(string path) => new FileInfo(path) is { Exists: true } file
            ? string.Create(CultureInfo.InvariantCulture, $"\n{file.Length} {file.LastWriteTimeUtc.Ticks}")
            : "\n-";
    }

    /// <summary>Whether the features of an image are stored.</summary>
    public bool Contains(string key) => _offsets.ContainsKey(key);

    /// <summary>Adds the features of an image.</summary>
    /// <param name="key">The result of <see cref="KeyOf"/>.</param>
    /// <param name="features">The features.</param>
    /// <exception cref="ArgumentException">The number of features is not the encoders', or the text is too long.</exception>
    public void Add(string key, MemeFeatures features)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(features);
        byte[] name = Encoding.UTF8.GetBytes(key), text = Encoding.UTF8.GetBytes(features.Text);
        if (features.Values.Length != _featureSize || name.Length > MaxBytes || text.Length > MaxBytes)
        {
            throw new ArgumentException($"An image has {_featureSize} features here, and a key and a text of at most {MaxBytes} bytes.", nameof(features));
        }

        byte[] record = [.. BitConverter.GetBytes(name.Length), .. BitConverter.GetBytes(text.Length), .. name, .. text, .. MemoryMarshal.AsBytes(features.Values.Span)];
        _file.Position = _end;
        _file.Write([.. record, .. BitConverter.GetBytes(Checksum(record))]);
        _offsets[key] = _end + 8 + name.Length + text.Length;
        _end = _file.Position;
    }

    /// <summary>The features of an image.</summary>
    /// <exception cref="KeyNotFoundException">They are not stored.</exception>
    public float[] Read(string key)
    {
        float[] values = new float[_featureSize];
        _file.Position = _offsets[key];
        _file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads the next record; false if it is missing, incomplete or damaged.</summary>
    private bool ReadRecord()
    {
        Span<byte> lengths = stackalloc byte[8];
        lengths.Clear();
        int read = _file.ReadAtLeast(lengths, lengths.Length, throwOnEndOfStream: false);
        int keyBytes = BinaryPrimitives.ReadInt32LittleEndian(lengths), textBytes = BinaryPrimitives.ReadInt32LittleEndian(lengths[4..]);
        if (read < lengths.Length || keyBytes is < 0 or > MaxBytes || textBytes is < 0 or > MaxBytes)
        {
            return false;
        }

        int values = 8 + keyBytes + textBytes, checksum = values + sizeof(float) * _featureSize;
        if (checksum + sizeof(uint) > _file.Length - _end)
        {
            return false;
        }

        byte[] record = new byte[checksum + sizeof(uint)];
        lengths.CopyTo(record);
        _file.ReadExactly(record.AsSpan(lengths.Length));
        if (Checksum(record.AsSpan(0, checksum)) != BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(checksum)))
        {
            return false;
        }

        _offsets[Encoding.UTF8.GetString(record, 8, keyBytes)] = _end + values;
        return true;
    }

    /// <summary>The CRC-32C.</summary>
    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
