using Data2Vec.ModelFile;

namespace Data2Vec.Tests.ModelFile;

public class Crc32CTests
{
    [Fact]
    public void Gives_the_published_check_value() => Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));

    // RFC 3720, appendix B.4.
    [Fact]
    public void Gives_the_values_of_the_iSCSI_standard()
    {
        byte[] rising = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] falling = [.. Enumerable.Range(0, 32).Select(i => (byte)(31 - i))];
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute([.. Enumerable.Repeat((byte)0xFF, 32)]));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute(rising));
        Assert.Equal(0x113FDB5Cu, Crc32C.Compute(falling));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(1023)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(65537)]
    [InlineData(200_003)]
    public void Equals_the_bitwise_definition_at_every_length_and_alignment(int length)
    {
        byte[] data = RandomBytes(length + 3);
        for (int start = 0; start < 4; start++)
        {
            ReadOnlySpan<byte> part = data.AsSpan(start, length);
            Assert.Equal(Bitwise(part), Crc32C.Compute(part));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(70_001)]
    [InlineData(199_999)]
    [InlineData(200_000)]
    public void The_CRCs_of_two_parts_combine_to_that_of_the_whole(int cut)
    {
        byte[] data = RandomBytes(200_000);
        uint whole = Bitwise(data);
        uint first = Crc32C.Compute(data.AsSpan(0, cut));
        Assert.Equal(whole, Crc32C.Append(first, data.AsSpan(cut)));
        Assert.Equal(whole, Crc32C.Combine(first, Crc32C.Compute(data.AsSpan(cut)), data.Length - cut));
    }

    /// <summary>The definition, bit by bit.</summary>
    internal static uint Bitwise(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static byte[] RandomBytes(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }
}
