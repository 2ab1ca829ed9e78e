using System.Buffers.Binary;
using System.Text;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.PyTorch;

public class ZipContainerTests
{
    private static readonly byte[] s_pickle = PickleBuilder.Start().Tensor([4], [1]).Stop();

    public static TheoryData<string, byte[], string> Damaged
    {
        get
        {
            byte[] good = Zip();
            return new()
            {
                { "encrypted", Zip(both: entry => entry.Flags = 0x1), "encrypted" },
                { "strongly encrypted", Zip(both: entry => entry.Flags = 0x40), "encrypted" },
                { "masked", Zip(both: entry => entry.Flags = 0x2000), "encrypted" },
                { "patch", Zip(both: entry => entry.Flags = 0x20), "patch" },
                { "encrypted in its own header only", Zip(local: entry => entry.Flags = 0x1), "encrypted" },
                { "bzip2", Zip(both: entry => entry.Method = 12), "method 12" },
                { "two methods", Zip(local: entry => entry.Method = 8), "contradicts itself about the compression" },
                { "two names", Zip(local: entry => entry.Name = "archive/data/1"), "contradicts itself about the name" },
                { "two lengths", Zip(local: entry => entry.Length = 15), "contradicts itself about the length" },
                { "two compressed lengths", Zip(local: entry => entry.CompressedLength = 15), "contradicts itself about the length" },
                { "two checksums", Zip(local: entry => entry.Crc = 1), "contradicts itself about the checksum" },
                { "longer than the file", Zip(both: entry => entry.Length = entry.CompressedLength = 5000), "about the length" },
                { "stored shorter than it is", Zip(both: entry => entry.Length = 15), "contradicts itself about the length" },
                { "elsewhere", Zip(central: entry => entry.Offset += 1), "contradicts itself about the place" },
                { "far away", Zip(central: entry => entry.Offset = 0x7fffffff), "contradicts itself about the place" },
                { "64-bit length without the field for it", Zip(central: entry => entry.Length = uint.MaxValue), "about the length" },
                { "64-bit length that is negative", Zip(central: NegativeLength), "about the length" },
                { "length for the sky", Zip(both: entry => (entry.Method, entry.Length) = (8, uint.MaxValue - 1)), "has an impossible length" },
                { "same place as another", Zip(central: entry => entry.Offset = 0), "overlap" },
                { "reaching into the next", new ZipBuilder().Add("a/data.pkl", s_pickle, local: Longer, central: Longer)
                    .Add("a/data/0", Checkpoint.FourFloats).ToArray(), "overlap" },
                { "same name twice", new ZipBuilder().Add("a/data.pkl", s_pickle).Add("a/data.pkl", s_pickle).ToArray(), "two entries" },
                { "two pickles", new ZipBuilder().Add("a/data.pkl", s_pickle).Add("b/data.pkl", s_pickle).ToArray(), "several data.pkl" },
                { "no pickle", new ZipBuilder().Add("a/data/0", Checkpoint.FourFloats).ToArray(), "no data.pkl" },
                { "wrong checksum of the pickle", new ZipBuilder().Add("a/data.pkl", s_pickle, local: WrongCrc, central: WrongCrc)
                    .Add("a/data/0", Checkpoint.FourFloats).ToArray(), "checksum of data.pkl" },
                { "no storage", new ZipBuilder().Add("a/data.pkl", s_pickle).ToArray(), "lacks 'a/data/0'" },
                { "short storage", Checkpoint.Zip(s_pickle, new byte[15]), "15 bytes but the pickle states 16" },
                { "long storage", Checkpoint.Zip(s_pickle, new byte[17]), "17 bytes but the pickle states 16" },
                { "big-endian", Ordered("big"), "big-endian" },
                { "middle-endian", Ordered("middle"), "unknown byte order" },
                { "more entries than there are", Container().ToArray(entryCount: 3), "3 entries in" },
                { "fewer entries than there are", Container().ToArray(entryCount: 1), "about the length of its directory" },
                { "many entries in few bytes", Container().ToArray(entryCount: 60_000), "60000 entries" },
                { "directory elsewhere", Container().ToArray(directoryOffset: 3), "about the place of its directory" },
                { "directory beyond the file", Container().ToArray(directoryLength: 0x70000000), "about the place of its directory" },
                { "zip64 that is not there", Container().ToArray(directoryOffset: uint.MaxValue), "lacks its zip64 directory" },
                { "something in front", [.. "PK\x03\x04"u8, .. good], "about the place of its directory" },
                { "something behind", [.. good, 1, 2, 3], "lacks its directory" },
                { "without its end", good[..^1], "lacks its directory" },
                { "only its first half", good[..(good.Length / 2)], "lacks its directory" },
                { "only its first bytes", good[..4], "lacks its directory" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Damaged_and_contradictory_zip_files_are_refused_with_the_reason(string what, byte[] file, string reason)
    {
        Assert.Contains(reason, Checkpoint.Refuse(file), StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Stored_deflated_and_zip64_files_are_read(bool deflated, bool zip64)
    {
        byte[] file = new ZipBuilder().Add("Ordner 1/data.pkl", s_pickle, deflated)
            .Add("Ordner 1/data/0", Checkpoint.FourFloats, deflated)
            .Add("Ordner 1/byteorder", "little"u8.ToArray(), deflated).Add("Ordner 1/empty/", []).ToArray(zip64: zip64);
        using Checkpoint checkpoint = Checkpoint.Open(file);
        Assert.Equal([0, 1, 2, 3], Checkpoint.ReadAll(checkpoint.Tensor));
    }

    [Fact]
    public void A_storage_that_is_damaged_or_too_short_inside_fails_when_it_is_read()
    {
        // The directory states 16 bytes; the compressed data holds 4.
        byte[] shorter = ZipBuilder.Deflate(new byte[4]);
        byte[][] contents = [shorter, new byte[shorter.Length], [0xff, 0xff, 0xff, 0xff]];
        foreach (byte[] content in contents)
        {
            void State(ZipBuilder.Entry entry) => (entry.Method, entry.Length) = (8, 16);
            byte[] file = new ZipBuilder().Add("a/data.pkl", s_pickle)
                .Add("a/data/0", content, local: State, central: State).ToArray();
            using Checkpoint checkpoint = Checkpoint.Open(file);
            Assert.Throws<InvalidDataException>(() => Checkpoint.ReadAll(checkpoint.Tensor));
        }
    }

    [Fact]
    public void Nothing_but_the_pickle_is_ever_read_as_one()
    {
        byte[] hidden = PickleBuilder.Start().Global("os", "system").Text("id").Tuple1().Reduce().Stop();
        byte[] pickle = PickleBuilder.Start().Tensor([hidden.Length], [1], type: "ByteStorage", count: hidden.Length).Stop();
        using Checkpoint checkpoint = Checkpoint.Open(pickle, hidden);
        Assert.Equal(hidden.Select(value => (float)value), Checkpoint.ReadAll(checkpoint.Tensor));
    }

    [Fact]
    public void TorchScript_is_named()
    {
        string reason = Assert.Throws<InvalidDataException>(() => Fixture.Open("torchscript.pt")).Message;
        Assert.StartsWith("torchscript.pt: a TorchScript program", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Storages_beyond_four_gigabytes_are_found_by_their_64_bit_places()
    {
        // A sparse file: only its beginning and its end take room on the disk.
        const long count = (5L << 30) / sizeof(float);
        byte[] pickle = PickleBuilder.Start().Tensor([count], [1], count: count).Stop();
        string path = Path.Combine(Path.GetTempPath(), $"data2vec-{Guid.NewGuid():N}.pt");
        try
        {
            using (FileStream file = File.Create(path))
            {
                WriteLarge(file, pickle, count * sizeof(float));
            }

            using PyTorchFile checkpoint = PyTorchFile.Open(path);
            var tensor = Assert.IsType<PyTorchTensor>(checkpoint.Root);
            float[] last = new float[2];
            tensor.Read(count - 2, last);
            Assert.Equal([0, 42], last);
            tensor.Read((1L << 30) + 5, last);
            Assert.Equal([0, 0], last);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void WriteLarge(FileStream file, byte[] pickle, long storageBytes)
    {
        using var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true);
        (string Name, long Offset, long Length, uint Crc)[] entries = new (string, long, long, uint)[2];
        entries[0] = ("a/data/0", 0, storageBytes, 0);
        WriteHeader(writer, entries[0], inDirectory: false);
        file.Position += storageBytes - sizeof(float);
        writer.Write(42f);
        entries[1] = ("a/data.pkl", file.Position, pickle.Length, ZipBuilder.Crc(pickle));
        WriteHeader(writer, entries[1], inDirectory: false);
        writer.Write(pickle);
        writer.Flush();

        long start = file.Position;
        foreach ((string, long, long, uint) entry in entries)
        {
            WriteHeader(writer, entry, inDirectory: true);
        }

        writer.Flush();
        long end = file.Position;
        writer.Write(0x06064b50);
        writer.Write(44L);
        writer.Write(0x002d002d);
        writer.Write(0L);
        writer.Write(2L);
        writer.Write(2L);
        writer.Write(end - start);
        writer.Write(start);
        writer.Write(0x07064b50);
        writer.Write(0);
        writer.Write(end);
        writer.Write(1);
        writer.Write(0x06054b50);
        writer.Write(0);
        writer.Write(0x00020002);
        writer.Write(-1);
        writer.Write(-1);
        writer.Write((short)0);
    }

    private static void WriteHeader(BinaryWriter writer, (string Name, long Offset, long Length, uint Crc) entry, bool inDirectory)
    {
        byte[] name = Encoding.UTF8.GetBytes(entry.Name);
        writer.Write(inDirectory ? 0x02014b50 : 0x04034b50);
        if (inDirectory)
        {
            writer.Write((short)45);
        }

        writer.Write((short)45);
        writer.Write(0); // flags, method
        writer.Write(0); // time
        writer.Write(entry.Crc);
        writer.Write(-1);
        writer.Write(-1);
        writer.Write((short)name.Length);
        writer.Write((short)(inDirectory ? 28 : 20));
        if (inDirectory)
        {
            writer.Write(new byte[10]); // comment, disk, attributes
            writer.Write(-1);
        }

        writer.Write(name);
        writer.Write((short)1);
        writer.Write((short)(inDirectory ? 24 : 16));
        writer.Write(entry.Length);
        writer.Write(entry.Length);
        if (inDirectory)
        {
            writer.Write(entry.Offset);
        }
    }

    private static ZipBuilder Container() =>
        new ZipBuilder().Add("archive/data.pkl", s_pickle).Add("archive/data/0", Checkpoint.FourFloats);

    private static byte[] Zip(
        Action<ZipBuilder.Entry>? both = null, Action<ZipBuilder.Entry>? local = null, Action<ZipBuilder.Entry>? central = null) =>
        new ZipBuilder().Add("archive/data.pkl", s_pickle)
            .Add("archive/data/0", Checkpoint.FourFloats, local: both ?? local, central: both ?? central).ToArray();

    private static byte[] Ordered(string order) =>
        Container().Add("archive/byteorder", Encoding.ASCII.GetBytes(order)).ToArray();

    private static void Longer(ZipBuilder.Entry entry) => entry.Length = entry.CompressedLength += 40;

    private static void WrongCrc(ZipBuilder.Entry entry) => entry.Crc ^= 1;

    private static void NegativeLength(ZipBuilder.Entry entry)
    {
        entry.Length = entry.CompressedLength = uint.MaxValue;
        entry.Extra = new byte[20];
        BinaryPrimitives.WriteUInt16LittleEndian(entry.Extra, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.Extra.AsSpan(2), 16);
        BinaryPrimitives.WriteInt64LittleEndian(entry.Extra.AsSpan(4), -16);
        BinaryPrimitives.WriteInt64LittleEndian(entry.Extra.AsSpan(12), -16);
    }
}
