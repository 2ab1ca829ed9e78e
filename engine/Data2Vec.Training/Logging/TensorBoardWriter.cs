using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Data2Vec.Training.Logging;

/// <summary>
/// Writes numbers for TensorBoard: a file of events, each a record of TensorFlow (length, masked CRC-32C, data, masked CRC-32C) around a protobuf message.
/// </summary>
public sealed class TensorBoardWriter : IDisposable
{
    // The fields of Event, Summary, Summary.Value and SessionLog with their wire types, as in TensorFlow's event.proto and summary.proto.
    private const byte WallTime = 0x09, Step = 0x10, FileVersion = 0x1a, Summary = 0x2a, SessionLog = 0x3a;
    private const byte SummaryValue = 0x0a, ValueTag = 0x0a, ValueNumber = 0x15, SessionStatus = 0x08, SessionStart = 1;
    private const uint MaskDelta = 0xa282ead8;

    private readonly FileStream _file;
    private readonly TimeProvider _time;

    private TensorBoardWriter(FileStream file, TimeProvider time) => (_file, _time) = (file, time);

    /// <summary>Begins a new file of events in a folder, which is created if it does not exist.</summary>
    /// <param name="folder">The folder, which TensorBoard shows as a run.</param>
    /// <param name="update">The number of updates that are done. TensorBoard drops what earlier files of a resumed run have for later updates.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public static TensorBoardWriter Create(string folder, long update = 0, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        time ??= TimeProvider.System;
        var writer = new TensorBoardWriter(NewFile(folder, time), time);
        writer.Append(0, FileVersion, "brain.Event:2"u8);
        if (update > 0)
        {
            writer.Append(update + 1, SessionLog, [SessionStatus, SessionStart]);
        }

        return writer;
    }

    /// <summary>Writes numbers. When the call returns, they survive the end of the process.</summary>
    /// <param name="update">The number of updates that are done.</param>
    /// <param name="values">Names, in which a slash separates a group, and numbers.</param>
    public void Write(long update, params IEnumerable<(string Name, double Value)> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var summary = new ArrayBufferWriter<byte>();
        foreach ((string name, double value) in values)
        {
            var entry = new ArrayBufferWriter<byte>();
            Field(entry, ValueTag, Encoding.UTF8.GetBytes(name));
            Span<byte> number = entry.GetSpan(1 + sizeof(float));
            number[0] = ValueNumber;
            BinaryPrimitives.WriteSingleLittleEndian(number[1..], (float)value);
            entry.Advance(1 + sizeof(float));
            Field(summary, SummaryValue, entry.WrittenSpan);
        }

        Append(update, Summary, summary.WrittenSpan);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    // TensorBoard reads files whose names contain "tfevents", in the order of their names.
    private static FileStream NewFile(string folder, TimeProvider time)
    {
        long seconds = time.GetUtcNow().ToUnixTimeSeconds();
        for (int number = 0; ; number++)
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds:D10}.{Environment.MachineName}.{number}"));
            if (!File.Exists(path))
            {
                return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            }
        }
    }

    private void Append(long step, byte field, ReadOnlySpan<byte> content)
    {
        var message = new ArrayBufferWriter<byte>();
        Span<byte> head = message.GetSpan(1 + sizeof(double));
        head[0] = WallTime;
        BinaryPrimitives.WriteDoubleLittleEndian(head[1..], (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds);
        message.Advance(1 + sizeof(double));
        if (step != 0)
        {
            message.Write([Step]);
            Number(message, (ulong)step);
        }

        Field(message, field, content);

        byte[] record = new byte[sizeof(ulong) + sizeof(uint) + message.WrittenCount + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)message.WrittenCount);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(sizeof(ulong)), MaskedCrc(record.AsSpan(0, sizeof(ulong))));
        message.WrittenSpan.CopyTo(record.AsSpan(sizeof(ulong) + sizeof(uint)));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(record.Length - sizeof(uint)), MaskedCrc(message.WrittenSpan));
        _file.Write(record);
        _file.Flush();
    }

    private static void Field(ArrayBufferWriter<byte> message, byte field, ReadOnlySpan<byte> content)
    {
        message.Write([field]);
        Number(message, (ulong)content.Length);
        message.Write(content);
    }

    private static void Number(ArrayBufferWriter<byte> message, ulong value)
    {
        const int Bits = 7;
        const byte More = 1 << Bits;
        for (; value >= More; value >>= Bits)
        {
            message.Write([(byte)(value | More)]);
        }

        message.Write([(byte)value]);
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Crc32C.Compute(data), 15) + MaskDelta;
}
