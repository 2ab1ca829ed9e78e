using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

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
    private const int HeaderBytes = 44, MaxBytes = 1 << 24;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, (long Offset, int TextBytes)> _places = new(StringComparer.Ordinal);
    private readonly int _featureSize;
    private long _length;

    private FeatureStore(SafeFileHandle file, byte[] header, string path)
    {
        _file = file;
        _featureSize = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(HeaderBytes - 4));
        long length = RandomAccess.GetLength(file);
        if (length == 0)
        {
            RandomAccess.Write(file, header, 0);
            _length = HeaderBytes;
            return;
        }

        byte[] found = new byte[HeaderBytes];
        if (RandomAccess.Read(file, found, 0) < HeaderBytes || !found.AsSpan(0, Magic.Length).SequenceEqual(Magic))
        {
            throw new InvalidDataException($"{path}: not a file of features; give another name or delete it");
        }

        if (!found.AsSpan().SequenceEqual(header))
        {
            throw new InvalidDataException($"{path}: the features come from other encoders or another text recognizer; give another name or delete it");
        }

        for (_length = HeaderBytes; ReadRecord(length) is { } record; _length += record.Length)
        {
            _places[record.Key] = (_length, record.TextBytes);
        }

        if (_length < length)
        {
            RandomAccess.SetLength(file, _length);
        }
    }

    /// <summary>The number of images with stored features.</summary>
    public int Count => _places.Count;

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
        byte[] header = [.. Magic, .. encoders.Identity(), .. new byte[4]];
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(HeaderBytes - 4), encoders.FeatureSize);
        SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            return new FeatureStore(file, header, path);
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
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"\n{file.Length} {file.LastWriteTimeUtc.Ticks}")
            : "\n-";
    }

    /// <summary>Whether the features of an image are stored.</summary>
    public bool Contains(string key) => _places.ContainsKey(key);

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

        byte[] record = new byte[RecordBytes(name.Length, text.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(record, name.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), text.Length);
        name.CopyTo(record, 8);
        text.CopyTo(record, 8 + name.Length);
        MemoryMarshal.AsBytes(features.Values.Span).CopyTo(record.AsSpan(8 + name.Length + text.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(record.Length - 4), Checksum(record.AsSpan(0, record.Length - 4)));
        RandomAccess.Write(_file, record, _length);
        _places[key] = (_length, text.Length);
        _length += record.Length;
    }

    /// <summary>The features of an image.</summary>
    /// <exception cref="KeyNotFoundException">They are not stored.</exception>
    public float[] Read(string key)
    {
        (long offset, int textBytes) = _places[key];
        float[] values = new float[_featureSize];
        Fill(offset + 8 + Encoding.UTF8.GetByteCount(key) + textBytes, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private int RecordBytes(int keyBytes, int textBytes) => 8 + keyBytes + textBytes + sizeof(float) * _featureSize + 4;

    /// <summary>The record at <see cref="_length"/>; null if it is incomplete or damaged.</summary>
    private (string Key, int TextBytes, int Length)? ReadRecord(long fileLength)
    {
        if (fileLength - _length < 8)
        {
            return null;
        }

        Span<byte> lengths = stackalloc byte[8];
        Fill(_length, lengths);
        int keyBytes = BinaryPrimitives.ReadInt32LittleEndian(lengths), textBytes = BinaryPrimitives.ReadInt32LittleEndian(lengths[4..]);
        if (keyBytes is < 0 or > MaxBytes || textBytes is < 0 or > MaxBytes || RecordBytes(keyBytes, textBytes) > fileLength - _length)
        {
            return null;
        }

        byte[] record = new byte[RecordBytes(keyBytes, textBytes)];
        Fill(_length, record);
        return Checksum(record.AsSpan(0, record.Length - 4)) == BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(record.Length - 4))
            ? (Encoding.UTF8.GetString(record, 8, keyBytes), textBytes, record.Length)
            : null;
    }

    private void Fill(long offset, Span<byte> bytes)
    {
        for (int read; bytes.Length > 0; bytes = bytes[read..], offset += read)
        {
            read = RandomAccess.Read(_file, bytes, offset);
            if (read == 0)
            {
                throw new InvalidDataException("the file of features was truncated while it was open");
            }
        }
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
