using System.Buffers.Binary;

namespace Data2Vec.Audio.Codecs.Tests;

public class OggTests
{
    [Theory]
    [InlineData("mono.ogg")]
    [InlineData("best.ogg")] // the last two blocks are longer than the recording
    [InlineData("one-sided.ogg")] // the other channel is silent
    [InlineData("video.ogv")] // beside a video
    public void Vorbis_equals_what_libvorbis_decodes(string name) => Assert.Equal(22050, Fixture.AssertDecodes(name, 1e-6f).SampleRate);

    [Theory]
    [InlineData("mono.opus")]
    [InlineData("stereo.opus")]
    [InlineData("five.opus")]
    [InlineData("long-frames.opus")]
    public void Opus_equals_what_libopus_decodes(string name) => Assert.Equal(48000, Fixture.AssertDecodes(name, 2e-3f).SampleRate);

    [Theory]
    [InlineData("five.ogg", "5 channels of Vorbis")]
    [InlineData("uncoupled.ogg", "without coupled channels")]
    public void Vorbis_that_would_be_decoded_wrongly_is_refused(string name, string what)
    {
        string message = Fixture.Rejection(Fixture.Bytes(name));
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.Contains("ffmpeg -i INPUT", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_gain_of_an_Opus_header_is_applied()
    {
        byte[] file = Fixture.Bytes("mono.opus");
        int head = file.AsSpan().IndexOf("OpusHead"u8);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(head + 16), -1541); // 6.02 dB: a half
        FixChecksums(file);
        float[] full = Fixture.Load(Fixture.Bytes("mono.opus")).Samples, half = Fixture.Load(file).Samples;
        Assert.Equal(full.Max() / 2, half.Max(), 1e-4f);
    }

    [Fact]
    public void Streams_one_after_another_are_joined()
    {
        float[] first = Fixture.Load(Fixture.Bytes("mono.opus")).Samples, second = Fixture.Load(Fixture.Bytes("stereo.opus")).Samples;
        Assert.Equal([.. first, .. second], Fixture.Load([.. Fixture.Bytes("mono.opus"), .. Fixture.Bytes("stereo.opus")]).Samples);
        Assert.Contains(
            "the sample rate changes from 48000 Hz to 22050 Hz", Fixture.Rejection([.. Fixture.Bytes("mono.opus"), .. Fixture.Bytes("mono.ogg")]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_checksum_of_a_page_is_refused()
    {
        byte[] file = Fixture.Bytes("mono.ogg");
        file[^1] ^= 1;
        Assert.Contains("wrong checksum", Fixture.Rejection(file), StringComparison.Ordinal);
        Assert.Contains("truncated", Fixture.Rejection(file[..^1]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_page_is_told()
    {
        byte[] file = Fixture.Bytes("stereo.opus");
        List<byte[]> pages = [];
        for (int at = 0; at < file.Length; at += pages[^1].Length)
        {
            pages.Add(file[at..(at + PageLength(file, at))]);
        }

        // One more page than there is, so that the numbers have a gap.
        byte[] last = [.. pages[^1]];
        BinaryPrimitives.WriteInt32LittleEndian(last.AsSpan(18), 7);
        byte[] first = [.. pages[^1]];
        first[5] = 0;
        byte[] gap = [.. pages[..^1].SelectMany(page => page), .. first, .. last];
        FixChecksums(gap);
        var warnings = new List<string>();
        AudioFile.Load(new MemoryStream(gap), AudioCodecs.Options with { Warning = warnings.Add });
        Assert.Contains("is missing", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_codecs_are_named()
    {
        byte[] file = Fixture.Bytes("mono.opus");
        "Speex   "u8.CopyTo(file.AsSpan(file.AsSpan().IndexOf("OpusHead"u8)));
        FixChecksums(file);
        Assert.Contains("Speex in an Ogg file is not supported; convert it: ffmpeg", Fixture.Rejection(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mono.ogg")]
    [InlineData("best.ogg")]
    [InlineData("mono.opus")]
    [InlineData("five.opus")]
    [InlineData("flac.oga")]
    public void Damaged_files_with_right_checksums_are_read_or_rejected(string name) => Fixture.Damage(name, 100, 400, FixChecksums);

    [Fact]
    public void Codebooks_of_unlikely_size_are_refused_before_memory_is_allocated()
    {
        byte[] file = Fixture.Bytes("mono.ogg");
        int book = file.AsSpan().IndexOf("BCV"u8);
        file.AsSpan(book + 3, 5).Fill(0xFF);
        FixChecksums(file);
        Assert.Contains("codebooks of an unlikely size", Fixture.Rejection(file), StringComparison.Ordinal);
    }

    private static int PageLength(byte[] file, int at)
    {
        int segments = file[at + 26];
        return 27 + segments + file.Skip(at + 27).Take(segments).Sum(length => length);
    }

    /// <summary>Writes the checksums of all pages anew, bit by bit as RFC 3533 defines them.</summary>
    private static void FixChecksums(byte[] file)
    {
        for (int at = 0; at + 27 <= file.Length && file.AsSpan(at).StartsWith("OggS"u8);)
        {
            int length = PageLength(file, at);
            if (at + length > file.Length)
            {
                return;
            }

            file.AsSpan(at + 22, 4).Clear();
            uint crc = 0;
            foreach (byte b in file.AsSpan(at, length))
            {
                crc ^= (uint)b << 24;
                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 0x80000000) != 0 ? crc << 1 ^ 0x04C11DB7 : crc << 1;
                }
            }

            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 22), crc);
            at += length;
        }
    }
}
