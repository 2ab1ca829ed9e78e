using System.Buffers.Binary;
using System.Text;
using Data2Vec.IO;

namespace Data2Vec.Tests.IO;

public class NpyFileTests
{
    private static readonly long[] s_zeroToEleven = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    private static readonly float[] s_asFloats = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

    [Theory]
    [InlineData("f4", typeof(float))]
    [InlineData("f8", typeof(double))]
    [InlineData("f2", typeof(Half))]
    public void Reads_the_floating_point_types_of_numpy(string name, Type type)
    {
        NpyArray array = NpyFile.Read(Fixtures.Path($"npy/{name}.npy"));
        Assert.Equal(type, array.ElementType);
        Assert.Equal([3, 4], array.Shape);
        Assert.Equal($"float{8 * (name[1] - '0')} [3, 4]", array.ToString());
        Assert.Equal(s_asFloats.Select(value => value / 8 - 0.5f), array.Floats());
        Assert.Contains("integers are needed", Assert.Throws<InvalidDataException>(array.Int64s).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("i8", typeof(long))]
    [InlineData("i4", typeof(int))]
    [InlineData("u1", typeof(byte))]
    public void Reads_the_integer_types_of_numpy(string name, Type type)
    {
        NpyArray array = NpyFile.Read(new OneWayStream(Fixtures.Bytes($"npy/{name}.npy")));
        Assert.Equal(type, array.ElementType);
        Assert.Equal([3, 4], array.Shape);
        Assert.Equal(s_zeroToEleven, array.Int64s());
        Assert.Contains("floating-point numbers are needed", Assert.Throws<InvalidDataException>(array.Floats).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_Booleans() =>
        Assert.Equal(s_zeroToEleven.Select(value => value % 3 == 0 ? 1L : 0L), NpyFile.Read(Fixtures.Path("npy/b1.npy")).Int64s());

    [Theory]
    [InlineData("version2")]
    [InlineData("version3")]
    public void Reads_later_versions(string name)
    {
        NpyArray array = NpyFile.Read(Fixtures.Path($"npy/{name}.npy"));
        Assert.Equal([3, 4], array.Shape);
        Assert.Equal(s_asFloats, array.Floats());
    }

    [Fact]
    public void Reads_Fortran_order()
    {
        Assert.Equal(s_asFloats, NpyFile.Read(Fixtures.Path("npy/fortran.npy")).Floats());
        NpyArray deep = NpyFile.Read(Fixtures.Path("npy/fortran3.npy"));
        Assert.Equal([2, 3, 4], deep.Shape);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => i / 8f), deep.Floats());
    }

    [Fact]
    public void Reads_scalars_and_empty_arrays()
    {
        NpyArray scalar = NpyFile.Read(Fixtures.Path("npy/scalar.npy"));
        Assert.Empty(scalar.Shape);
        Assert.Equal([2.5f], scalar.Floats());
        NpyArray empty = NpyFile.Read(Fixtures.Path("npy/empty.npy"));
        Assert.Equal([0, 5], empty.Shape);
        Assert.Empty(empty.Floats());
    }

    [Fact]
    public void Writes_the_bytes_that_numpy_writes()
    {
        Assert.Equal(Fixtures.Bytes("npy/f4.npy"), Written(stream => NpyFile.Write(stream, s_asFloats.Select(value => value / 8 - 0.5f).ToArray(), 3, 4)));
        Assert.Equal(Fixtures.Bytes("npy/i8.npy"), Written(stream => NpyFile.Write(stream, s_zeroToEleven, 3, 4)));
        Assert.Equal(Fixtures.Bytes("npy/axis.npy"), Written(stream => NpyFile.Write(stream, s_zeroToEleven.AsSpan(0, 5))));
        Assert.Equal(Fixtures.Bytes("npy/empty.npy"), Written(stream => NpyFile.Write(stream, ReadOnlySpan<float>.Empty, 0, 5)));
    }

    [Fact]
    public void Long_arrays_round_trip_through_files_and_pipes()
    {
        float[] values = [.. Enumerable.Range(0, 100_003).Select(i => i / 7f)];
        string path = Path.GetTempFileName();
        NpyFile.Write(path, values, 1, 100_003);
        NpyArray fromFile = NpyFile.Read(path);
        NpyArray fromPipe = NpyFile.Read(new OneWayStream(File.ReadAllBytes(path), 999));
        File.Delete(path);
        Assert.Equal([1, 100_003], fromFile.Shape);
        Assert.Equal(values, fromFile.Floats());
        Assert.Equal(values, fromPipe.Floats());
    }

    [Fact]
    public void Rejects_a_shape_that_does_not_match_the_elements()
    {
        Assert.Throws<ArgumentException>(() => NpyFile.Write(new MemoryStream(), new float[4], 5));
        Assert.Throws<ArgumentException>(() => NpyFile.Write(new MemoryStream(), new float[4], -2, -2));
        Assert.Throws<ArgumentException>(() => NpyFile.Write(new MemoryStream(), new long[4], long.MaxValue, long.MaxValue, 4));

        string path = Path.GetTempFileName();
        File.WriteAllText(path, "kept");
        Assert.Throws<ArgumentException>(() => NpyFile.Write(path, new float[4], 5));
        Assert.Equal("kept", File.ReadAllText(path));
        File.Delete(path);
    }

    [Theory]
    [InlineData("big-endian.npy", "big-endian")]
    [InlineData("structured.npy", "does not have a string")]
    [InlineData("archive.npz", "not an npy file")]
    public void Rejects_unsupported_arrays_with_the_reason(string name, string reason)
    {
        string path = Fixtures.Path($"npy/{name}");
        string message = Assert.Throws<InvalidDataException>(() => NpyFile.Read(path)).Message;
        Assert.StartsWith(path + ": ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{'descr':'<f4','fortran_order':False,'shape':(2,)}", null)]
    [InlineData("{\"shape\": (2,), \"fortran_order\": True, \"descr\": \"<f4\"}\n", null)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 1,), }   \n", null)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", "','")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "axis length")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "axis length")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "too large")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "takes 12 bytes but the file has 8")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (500000000,), }", "but the file has 8")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807, 9), }", null)]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", "True or False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "lacks")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "unexpected entry 'descr'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'order': 'C'}", "unexpected entry 'order'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } or exit()", "its end")]
    [InlineData("{'descr': '<f4", "plain string")]
    [InlineData("", "'{'")]
    public void Reads_the_header_strictly(string header, string? reason)
    {
        byte[] text = Encoding.Latin1.GetBytes(header);
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, .. length, .. text, .. new byte[8]];
        foreach (Stream stream in (Stream[])[new MemoryStream(file), new OneWayStream(file)])
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            if (reason is null)
            {
                Assert.All(NpyFile.Read(stream).Floats(), value => Assert.Equal(0, value));
            }
            else
            {
                Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => NpyFile.Read(stream)).Message, StringComparison.Ordinal);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }

    [Fact]
    public void Rejects_long_headers_other_versions_and_trailing_bytes()
    {
        Assert.Contains("too long", Assert.Throws<InvalidDataException>(
            () => NpyFile.Read(new MemoryStream([0x93, .. "NUMPY"u8, 2, 0, 0, 0, 0, 0x70]))).Message, StringComparison.Ordinal);
        Assert.Contains("version 4.0", Assert.Throws<InvalidDataException>(
            () => NpyFile.Read(new MemoryStream([0x93, .. "NUMPY"u8, 4, 0, 0, 0, 0, 0]))).Message, StringComparison.Ordinal);
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, [.. Fixtures.Bytes("npy/f4.npy"), 0]);
        Assert.Contains("continues after the array", Assert.Throws<InvalidDataException>(() => NpyFile.Read(path)).Message, StringComparison.Ordinal);
        File.Delete(path);
    }

    [Fact]
    public void Damaged_files_are_read_or_rejected()
    {
        byte[] file = Fixtures.Bytes("npy/i8.npy");
        Damage.CutAtEveryByte(file, stream => NpyFile.Read(stream).Int64s());
        Damage.ChangeBytes(file, 80, 2000, stream => NpyFile.Read(stream).Int64s());
    }

    private static byte[] Written(Action<Stream> write)
    {
        var stream = new MemoryStream();
        write(stream);
        return stream.ToArray();
    }
}
