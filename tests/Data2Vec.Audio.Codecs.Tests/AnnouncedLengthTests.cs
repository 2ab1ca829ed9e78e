using System.Buffers.Binary;
using Data2Vec.IO;

namespace Data2Vec.Audio.Codecs.Tests;

/// <summary>Recordings that are too long by what their files say are refused before they are decoded.</summary>
public class AnnouncedLengthTests
{
    [Theory]
    [InlineData("lpc.flac")]
    [InlineData("mono.mp3")]
    [InlineData("ffmpeg.mp3")]
    public void A_file_that_announces_more_than_the_limit_is_refused_although_its_end_is_missing(string name)
    {
        byte[] file = Fixture.Bytes(name);
        int samples = Fixture.Load(file).Samples.Length;
        var error = Assert.Throws<InvalidDataException>(() => Load(file[..(file.Length / 100 * 80)], samples / 100 * 95));
        Assert.True(SizeLimits.AreExceeded(error), error.Message);
        Assert.Equal(samples, Load(file, samples + 5000).Samples.Length);
    }

    [Fact]
    public void A_tag_that_says_more_than_the_file_can_hold_is_not_believed()
    {
        byte[] file = Fixture.Bytes("mono.mp3");
        int tag = file.AsSpan().IndexOf("Xing"u8) is var xing and >= 0 ? xing : file.AsSpan().IndexOf("Info"u8);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(tag + 8), uint.MaxValue);
        Assert.NotEmpty(Load(file, AudioReadOptions.DefaultMaxSamples).Samples);
    }

    [Fact]
    public void The_length_of_an_Ogg_stream_is_between_its_first_and_its_last_page()
    {
        byte[] pages = [.. Page(7, 0), .. Page(9, 5), .. Page(7, 1_000_960), .. new byte[500_000], .. Page(7, 11_000_960), .. Page(9, 99_000_000), .. Page(7, -1)];
        using var stream = new MemoryStream(pages) { Position = 3 };
        Assert.Equal(10_000_000 - 65_536, OggLength.Find(stream, 7));
        Assert.Equal(3, stream.Position);
        Assert.Equal(0, OggLength.Find(stream, 8));
        Assert.Equal(0, OggLength.Find(new OneWayStream(pages), 7));
        Assert.Equal(0, OggLength.Find(new MemoryStream([.. Page(7, 5), .. Page(7, long.MinValue), .. "OggS\0"u8]), 7));
    }

    private static Waveform Load(byte[] file, int limit) => AudioFile.Load(new MemoryStream(file), AudioCodecs.Options with { MaxSamples = limit });

    private static byte[] Page(uint serial, long granule)
    {
        byte[] header = [.. "OggS\0"u8, .. new byte[22]];
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(6), granule);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(14), serial);
        return header;
    }
}
