using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

/// <summary>Recordings in all formats without a codec, written by sox and ffmpeg. The script tests/Fixtures/audio/make_formats.py describes them.</summary>
public class AudioFileTests
{
    private const float OneBit = 1 / 32768f;

    public static TheoryData<string> Recordings => [.. Directory.GetFiles(Fixtures.Path("formats")).Select(path => Path.GetFileName(path)!).Where(name => !name.EndsWith(".s16", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Samples_equal_those_of_libsndfile(string name)
    {
        float[] expected = Samples(File.Exists(Fixtures.Path($"formats/{name}.s16")) ? $"{name}.s16" : "base.s16");
        float tolerance = name.Contains("24", StringComparison.Ordinal) || name.Contains("stereo", StringComparison.Ordinal) ? 0.51f * OneBit : 0; // references have 16 bits
        foreach (Stream stream in (Stream[])[new MemoryStream(Fixtures.Bytes($"formats/{name}")), new OneWayStream(Fixtures.Bytes($"formats/{name}"))])
        {
            Waveform waveform = AudioFile.Load(stream);
            Assert.Equal(name.StartsWith("gsm", StringComparison.Ordinal) ? 8000 : 22050, waveform.SampleRate);
            Assert.Equal(expected.Length, waveform.Samples.Length);
            Assert.Equal(waveform.Samples, Blocks(stream is MemoryStream ? new MemoryStream(Fixtures.Bytes($"formats/{name}")) : new OneWayStream(Fixtures.Bytes($"formats/{name}"), 9999)));
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(Math.Abs(expected[i] - waveform.Samples[i]) <= tolerance, $"sample {i}: {expected[i]}, {waveform.Samples[i]}");
            }
        }
    }

    [Theory]
    [InlineData("int24.aiff")]
    [InlineData("float32.au")]
    public void A_recording_that_was_cut_off_is_read_with_a_warning(string name)
    {
        byte[] whole = Fixtures.Bytes($"formats/{name}");
        List<string> warnings = [];
        var options = new AudioReadOptions { Warning = warnings.Add };
        int count = AudioFile.Load(new MemoryStream(whole), options).Samples.Length;
        Assert.Empty(warnings);
        Assert.True(AudioFile.Load(new MemoryStream(whole[..(whole.Length / 2)]), options).Samples.Length < count);
        Assert.Contains("cut off", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("int24.aiff")]
    [InlineData("fl32.aifc")]
    [InlineData("int24.w64")]
    [InlineData("rifx.wav")]
    [InlineData("float32.au")]
    [InlineData("big.sph")]
    [InlineData("ima-stereo.wav")]
    [InlineData("ms-stereo.wav")]
    [InlineData("gsm.wav")]
    public void Damaged_files_are_read_or_rejected(string name)
    {
        byte[] file = Fixtures.Bytes($"formats/{name}");
        file = file[..Math.Min(file.Length, 2500)];
        Damage.CutAtEveryByte(file, stream => AudioFile.Load(stream));
        Damage.ChangeBytes(file, 200, 2000, stream => AudioFile.Load(stream));
        Damage.ChangeBytes(file, file.Length, 500, stream => AudioFile.Load(stream));
    }

    [Fact]
    public void An_ID3_tag_before_any_format_is_skipped()
    {
        float[] expected = Samples("base.s16");
        foreach (string name in (string[])["base.wav", "int16.aiff", "little.sph"])
        {
            byte[] file = [.. "ID3"u8, 3, 0, 0, 0, 0, 0x40, 1, .. new byte[(0x40 << 7) + 1], .. Fixtures.Bytes($"formats/{name}")];
            Assert.Equal(expected, AudioFile.Load(new MemoryStream(file)).Samples);
            Assert.Equal(expected, AudioFile.Load(new OneWayStream(file)).Samples);
        }
    }

    [Fact]
    public void The_largest_size_of_a_Wave64_chunk_is_no_chunk()
    {
        byte[] file = [.. Fixtures.Bytes("formats/piped.w64")];
        BitConverter.GetBytes(long.MaxValue).CopyTo(file, 40 + 16); // the size of 'fmt '
        Assert.Contains("the file ends before its 'data' chunk", Rejection(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_is_read_from_its_position()
    {
        var stream = new MemoryStream([1, 2, 3, .. Fixtures.Bytes("formats/base.wav")]) { Position = 3 };
        Assert.Equal(Samples("base.s16"), AudioFile.Load(stream).Samples);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("524946462400", "RIFF header")]
    [InlineData("494433040000000000000000", "an MP3 file")]
    [InlineData("FFFB90640000000000000000", "an MP3 file")]
    [InlineData("FFFD90640000000000000000", "an MPEG layer II file")]
    [InlineData("664C61430000002212001200", "a FLAC file")]
    [InlineData("4F676753000200000000000000000000000000000000000000000001134F70757348656164", "an Opus file")]
    [InlineData("4F6767530002000000000000", "an Ogg file")]
    [InlineData("00000020667479704D344120", "an MP4 file")]
    [InlineData("1A45DFA39F42868101", "a Matroska or WebM file")]
    [InlineData("3026B2758E66CF11A6D900AA", "a Windows Media file")]
    [InlineData("2321414D520A3C", "an AMR file")]
    [InlineData("6361666600010000", "a Core Audio file")]
    [InlineData("524946460000000041564920", "an AVI video")]
    [InlineData("FFF15080001FFC0000000000", "a raw AAC file")]
    public void Names_recordings_that_it_cannot_read(string hex, string name)
    {
        byte[] file = Convert.FromHexString(hex);
        string message = Rejection(file);
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Equal(file.Length > 0, AudioFile.IsAudio(file));
        Assert.True(file.Length < 12 || message.Contains("ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html><body>404</body></html>", "an HTML page")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "a Git LFS pointer")]
    [InlineData("Hello, world", "a text file")]
    [InlineData("GIF89a__________", "an image")]
    public void Says_what_a_file_is_that_is_no_recording(string content, string what)
    {
        byte[] file = System.Text.Encoding.ASCII.GetBytes(content);
        Assert.Contains($"not a recording but {what}", Rejection(file), StringComparison.Ordinal);
        Assert.False(AudioFile.IsAudio(file));
        Assert.Null(AudioFile.Name(file));
    }

    [Theory]
    [InlineData("NIST_1A\n   1024\nsample_coding -s26 pcm,embedded-shorten-v2.00\nend_head\n", "sph2pipe")]
    [InlineData("NIST_1A\n   1024\nsample_count -i 3\n", "no end_head")]
    [InlineData("NIST_1A\n   1024\nsample_n_bytes -i 2\nend_head\n", "no sample_byte_format")]
    [InlineData("NIST_1A\n   1024\nsample_coding -s5 vocod\nend_head\n", "'vocod'")]
    [InlineData("NIST_1A\n99999999999\n", "no size")]
    public void Names_what_is_wrong_with_a_SPHERE_header(string header, string what) =>
        Assert.Contains(what, Rejection(System.Text.Encoding.ASCII.GetBytes(header.PadRight(1100))), StringComparison.Ordinal);

    [Fact]
    public void Channels_that_cancel_out_are_told()
    {
        var warnings = new List<string>();
        var options = new AudioReadOptions { Warning = warnings.Add };
        byte[] opposite = [.. Enumerable.Range(0, 1000).SelectMany(i => (byte[])[.. BitConverter.GetBytes((short)(i * 7)), .. BitConverter.GetBytes((short)(-i * 7))])];
        Assert.All(AudioFile.Load(new MemoryStream(new WavBuilder { Channels = 2, Data = opposite }.ToArray()), options).Samples, sample => Assert.Equal(0, sample));
        Assert.Contains("the channels cancel out", Assert.Single(warnings), StringComparison.Ordinal);
        warnings.Clear();
        AudioFile.Load(new MemoryStream(new WavBuilder { Channels = 2, Data = new byte[4000] }.ToArray()), options); // silence
        byte[] oneSided = [.. Enumerable.Range(0, 1000).SelectMany(i => (byte[])[.. BitConverter.GetBytes((short)(i * 7)), 0, 0])];
        AudioFile.Load(new MemoryStream(new WavBuilder { Channels = 2, Data = oneSided }.ToArray()), options);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Recordings_above_the_limit_are_refused()
    {
        byte[] file = new WavBuilder { Data = new byte[2000] }.ToArray();
        Assert.Equal(1000, AudioFile.Load(new MemoryStream(file), new AudioReadOptions { MaxSamples = 1000 }).Samples.Length);
        foreach (Stream stream in (Stream[])[new MemoryStream(file), new OneWayStream(file)])
        {
            string message = Assert.Throws<InvalidDataException>(() => AudioFile.Load(stream, new AudioReadOptions { MaxSamples = 999 })).Message;
            Assert.Contains("more than 999 samples", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_program_can_add_a_format()
    {
        var options = new AudioReadOptions { Decoders = [new Bytes()] };
        Assert.True(AudioFile.IsAudio("BYTES"u8, options));
        Waveform waveform = AudioFile.Load(new OneWayStream([.. "BYTES"u8, 64, 192]), options);
        Assert.Equal([0.25f, -0.25f], waveform.Samples);
        byte[] inWav = new WavBuilder { Tag = 0x1234, Data = [.. "BYTES"u8, 64, 192] }.ToArray();
        Assert.Equal([0.25f, -0.25f], AudioFile.Load(new MemoryStream(inWav), options).Samples);
    }

    private static float[] Samples(string name)
    {
        byte[] bytes = name == "base.s16" ? Fixtures.Bytes("formats/base.wav")[44..] : Fixtures.Bytes($"formats/{name}");
        return [.. Enumerable.Range(0, bytes.Length / 2).Select(i => BitConverter.ToInt16(bytes, 2 * i) * OneBit)];
    }

    private static string Rejection(byte[] file)
    {
        string message = Assert.Throws<InvalidDataException>(() => AudioFile.Load(new MemoryStream(file))).Message;
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => AudioFile.Load(new OneWayStream(file))).Message);
        return message;
    }

    private static float[] Blocks(Stream stream)
    {
        var samples = new List<float>();
        AudioFile.ReadBlocks(stream, (block, _) => samples.AddRange(block));
        return [.. samples];
    }

    [Fact]
    public void Blocks_leave_out_what_a_decoder_removes_from_the_end()
    {
        var file = new MemoryStream("LONG"u8.ToArray());
        List<string> warnings = [];
        foreach (int removed in new[] { 0, 5000, 65_536, 300_000 })
        {
            var options = new AudioReadOptions { Decoders = [new LongSound(removed)], Warning = warnings.Add };
            file.Position = 0;
            float[] whole = AudioFile.Load(file, options).Samples;
            Assert.Empty(warnings);
            file.Position = 0;
            var blocks = new List<float>();
            AudioFile.ReadBlocks(file, (block, _) => blocks.AddRange(block), options);
            Assert.Equal(whole, blocks.Take(whole.Length));
            Assert.Equal(removed > 65_536, blocks.Count > whole.Length);
            Assert.Equal(removed > 65_536 ? 1 : 0, warnings.Count);
            warnings.Clear();
        }
    }

    /// <summary>Sound of 500,000 samples, the last of which are removed again.</summary>
    private sealed class LongSound(int removed) : AudioDecoder
    {
        public override bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith("LONG"u8);

        public override void Decode(Stream stream, WaveformBuilder output)
        {
            output.Begin(1, 8000);
            for (int i = 0; i < 50; i++)
            {
                output.Append([.. Enumerable.Range(10_000 * i, 10_000).Select(sample => sample * 1e-6f)]);
            }

            output.RemoveEnd(removed);
        }
    }

    /// <summary>Samples of 8 bits after the word BYTES, in two channels.</summary>
    private sealed class Bytes : AudioDecoder
    {
        public override bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith("BYTES"u8);

        public override bool DecodesWavCodec(int codec) => codec == 0x1234;

        public override void Decode(Stream stream, WaveformBuilder output)
        {
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            output.Begin(2, 8000);
            output.Append([.. bytes.ToArray()[5..].SelectMany(value => (float[])[(sbyte)value / 128f, 0])]);
        }
    }
}
