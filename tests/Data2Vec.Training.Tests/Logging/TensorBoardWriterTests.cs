using System.Buffers.Binary;
using System.Text;
using Data2Vec.Training.Logging;

namespace Data2Vec.Training.Tests.Logging;

public sealed class TensorBoardWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    [Fact]
    public void WritesEventsThatAnotherDecoderReads()
    {
        using (var writer = TensorBoardWriter.Create(_folder, 0, new Clock()))
        {
            writer.Write(1, ("train/loss", 3.5), ("lr", 5e-4));
            writer.Write(300, ("train/loss", double.NaN));
        }

        List<Event> events = Read(Assert.Single(Directory.GetFiles(_folder)));
        Assert.Equal(3, events.Count);
        Assert.All(events, one => Assert.Equal(1_700_000_000.25, one.WallTime));
        Assert.Equal((0, "brain.Event:2"), (events[0].Step, events[0].FileVersion));
        Assert.Equal([("train/loss", 3.5f), ("lr", 5e-4f)], events[1].Values);
        Assert.Equal((1, 300), (events[1].Step, events[2].Step));
        Assert.True(float.IsNaN(events[2].Values.Single().Value));
    }

    [Fact]
    public void AResumedRunTellsTensorBoardWhatToDrop()
    {
        TensorBoardWriter.Create(_folder, 0, new Clock()).Dispose();
        using (var writer = TensorBoardWriter.Create(_folder, 40, new Clock()))
        {
            writer.Write(41, ("loss", 1));
        }

        string[] files = [.. Directory.GetFiles(_folder).Order()];
        Assert.All(files, file => Assert.StartsWith("events.out.tfevents.1700000000.", Path.GetFileName(file), StringComparison.Ordinal));
        Assert.Equal([(0, false), (41, true), (41, false)], Read(files[1]).Select(one => ((int)one.Step, one.IsStart)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static List<Event> Read(string path)
    {
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        var events = new List<Event>();
        while (!file.IsEmpty)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
            Assert.Equal(MaskedCrc(file[..8]), BinaryPrimitives.ReadUInt32LittleEndian(file[8..]));
            ReadOnlySpan<byte> data = file.Slice(12, length);
            Assert.Equal(MaskedCrc(data), BinaryPrimitives.ReadUInt32LittleEndian(file[(12 + length)..]));
            file = file[(16 + length)..];
            events.Add(Event.Parse(data.ToArray()));
        }

        return events;
    }

    // Bit by bit, by TensorFlow's description of its record files.
    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
    }

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000.25);
    }

    private sealed class Event
    {
        public double WallTime { get; private set; }

        public long Step { get; private set; }

        public string? FileVersion { get; private set; }

        public bool IsStart { get; private set; }

        public List<(string Tag, float Value)> Values { get; } = [];

        public static Event Parse(byte[] message)
        {
            var result = new Event();
            foreach ((int field, ulong number, byte[] bytes) in Fields(message))
            {
                switch (field)
                {
                    case 1: result.WallTime = BitConverter.UInt64BitsToDouble(number); break;
                    case 2: result.Step = (long)number; break;
                    case 3: result.FileVersion = Encoding.UTF8.GetString(bytes); break;
                    case 5: result.Values.AddRange(Fields(bytes).Select(value => Value(value.Bytes))); break;
                    case 7: result.IsStart = Fields(bytes).Single() is (1, 1, _); break;
                    default: Assert.Fail($"field {field}"); break;
                }
            }

            return result;
        }

        private static (string, float) Value(byte[] message)
        {
            (int Field, ulong Number, byte[] Bytes)[] fields = [.. Fields(message)];
            Assert.Equal([1, 2], fields.Select(field => field.Field));
            return (Encoding.UTF8.GetString(fields[0].Bytes), BitConverter.UInt32BitsToSingle((uint)fields[1].Number));
        }

        private static IEnumerable<(int Field, ulong Number, byte[] Bytes)> Fields(byte[] message)
        {
            for (int at = 0; at < message.Length;)
            {
                ulong key = Varint(message, ref at);
                switch (key & 7)
                {
                    case 0:
                        yield return ((int)(key >> 3), Varint(message, ref at), []);
                        break;
                    case 1:
                        yield return ((int)(key >> 3), BitConverter.ToUInt64(message, at), []);
                        at += 8;
                        break;
                    case 2:
                        int length = (int)Varint(message, ref at);
                        yield return ((int)(key >> 3), 0, message[at..(at + length)]);
                        at += length;
                        break;
                    case 5:
                        yield return ((int)(key >> 3), BitConverter.ToUInt32(message, at), []);
                        at += 4;
                        break;
                    default:
                        throw new InvalidDataException($"wire type {key & 7}");
                }
            }
        }

        private static ulong Varint(byte[] message, ref int at)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte part = message[at++];
                value |= (ulong)(part & 127) << shift;
                if (part < 128)
                {
                    return value;
                }
            }
        }
    }
}
