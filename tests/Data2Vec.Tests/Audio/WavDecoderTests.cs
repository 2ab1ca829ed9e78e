using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

public class WavDecoderTests
{
    private static readonly float[] s_twoSamples = [0.5f, -0.5f]; // the default data of WavBuilder

    [Theory]
    [InlineData("pcm8", 16000)]
    [InlineData("pcm16", 16000)]
    [InlineData("pcm24", 22050)] // sox writes 24 and 32 bits, and many channels, as WAVE_FORMAT_EXTENSIBLE
    [InlineData("pcm32", 48000)]
    [InlineData("alaw", 8000)]
    [InlineData("mulaw", 8000)]
    [InlineData("float32", 16000)]
    [InlineData("float64", 16000)]
    [InlineData("stereo8", 11025)]
    [InlineData("stereo16", 44100)]
    [InlineData("stereofloat", 16000)]
    [InlineData("five24", 96000)]
    [InlineData("streamed", 16000)]
    public void Samples_equal_those_of_sox_and_scipy(string name, int sampleRate)
    {
        float[] expected = Fixtures.Floats($"audio/{name}.npy");
        foreach (Waveform waveform in (Waveform[])[
            AudioFile.Load(Fixtures.Path($"audio/{name}.wav")),
            AudioFile.Load(new OneWayStream(Fixtures.Bytes($"audio/{name}.wav")))])
        {
            Assert.Equal(sampleRate, waveform.SampleRate);
            Assert.Equal((double)expected.Length / sampleRate, waveform.Duration.TotalSeconds, 6);
            AssertClose(expected, waveform.Samples, 6e-8f);
        }
    }

    [Fact]
    public void Samples_equal_those_of_the_reference_implementation()
    {
        Waveform waveform = AudioFile.Load(Fixtures.Path("audio/utterance.wav"));
        Assert.Equal(Fixtures.Floats("audio/utterance-raw.npy"), waveform.Samples);
    }

    [Theory]
    [InlineData(6, "alaw-codes")]
    [InlineData(7, "mulaw-codes")]
    public void Decodes_every_code_of_G711(int tag, string expected)
    {
        byte[] codes = [.. Enumerable.Range(0, 256).Select(code => (byte)code)];
        Assert.Equal(
            Fixtures.Floats($"audio/{expected}.npy"),
            Load(new WavBuilder { Tag = (ushort)tag, Bits = 8, SampleRate = 8000, Data = codes }));
    }

    [Fact]
    public void Full_scale_runs_from_minus_one_to_just_below_one()
    {
        Assert.Equal([-1f, 127 / 128f, 0], Load(new WavBuilder { Bits = 8, Data = [0, 255, 128] }));
        Assert.Equal([-1f, 32767 / 32768f], Load(new WavBuilder { Data = [0x00, 0x80, 0xFF, 0x7F] }));
        Assert.Equal([-1f, 8388607 / 8388608f, -1 / 8388608f], Load(new WavBuilder { Bits = 24, Data = [0, 0, 0x80, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF] }));
        Assert.Equal([-1f, 0.5f], Load(new WavBuilder { Bits = 32, Data = [0, 0, 0, 0x80, 0, 0, 0, 0x40] }));
    }

    [Theory]
    [InlineData(1, 16, 16)]
    [InlineData(1, 16, 12)] // twelve valid bits at the top of sixteen
    [InlineData(1, 16, 0)]
    public void Extensible_PCM_uses_the_scale_of_its_container(int tag, int bits, int validBits) =>
        Assert.Equal(s_twoSamples, Load(new WavBuilder { Tag = 0xFFFE, Bits = (ushort)bits, AfterFormat = WavBuilder.Extension((ushort)validBits, (ushort)tag) }));

    [Fact]
    public void The_sub_format_selects_float_and_companded_samples()
    {
        Assert.Equal(s_twoSamples, Load(new WavBuilder
        {
            Tag = 0xFFFE,
            Bits = 32,
            AfterFormat = WavBuilder.Extension(32, 3),
            Data = [.. BitConverter.GetBytes(0.5f), .. BitConverter.GetBytes(-0.5f)],
        }));
        Assert.Equal([-8 / 32768f], Load(new WavBuilder { Tag = 0xFFFE, Bits = 8, AfterFormat = WavBuilder.Extension(8, 6), Data = [0x55] }));
    }

    [Fact]
    public void Skips_unknown_chunks_and_their_padding()
    {
        var file = new WavBuilder
        {
            ChunksBeforeFormat = WavBuilder.Chunk("JUNK", [1, 2, 3]),
            ChunksBeforeData = [.. WavBuilder.Chunk("LIST", [1]), .. WavBuilder.Chunk("bext", new byte[602])],
            ChunksAfterData = WavBuilder.Chunk("id3 ", new byte[40]),
        };
        Assert.Equal(s_twoSamples, Load(file));
    }

    [Theory]
    [InlineData(0u, 0u)] // written to a pipe
    [InlineData(36u, 0u)] // the recorder was killed
    [InlineData(0xFFFFFFFFu, 0xFFFFFFFFu)] // ffmpeg
    [InlineData(0x7FFFF024u, 0x7FFFF000u)] // sox
    [InlineData(0xFFFFFFFFu, 0u)]
    [InlineData(40u, 4000u)] // truncated
    public void Reads_to_the_end_if_the_length_is_unknown_or_too_large(uint riffSize, uint dataSize) =>
        Assert.Equal(s_twoSamples, Load(new WavBuilder { RiffSize = riffSize, DataSize = dataSize }));

    [Fact]
    public void Data_of_length_zero_is_empty_if_chunks_follow()
    {
        Assert.Empty(Load(new WavBuilder { Data = [], ChunksAfterData = WavBuilder.Chunk("LIST", new byte[26]) }));
        Assert.Empty(Load(new WavBuilder { Data = [] }));
    }

    [Theory]
    [InlineData("RF64", 4L)]
    [InlineData("BW64", 4L)]
    [InlineData("RF64", 0L)] // never filled in
    [InlineData("RF64", -1L)]
    public void RF64_takes_the_length_from_ds64(string magic, long dataSize)
    {
        var file = new WavBuilder
        {
            Magic = magic,
            RiffSize = uint.MaxValue,
            ChunksBeforeFormat = WavBuilder.Chunk("ds64", [.. new byte[8], .. BitConverter.GetBytes(dataSize), .. new byte[12]]),
            DataSize = uint.MaxValue,
            ChunksAfterData = dataSize == 4 ? WavBuilder.Chunk("LIST", new byte[26]) : [],
        };
        Assert.Equal(s_twoSamples, Load(file));
    }

    [Fact]
    public void A_partial_frame_at_the_end_is_dropped()
    {
        Assert.Equal(s_twoSamples, Load(new WavBuilder { Data = [0x00, 0x40, 0x00, 0xC0, 0x77], DataSize = uint.MaxValue, ChunksAfterData = [] }, cut: 1));
    }

    [Fact]
    public void Files_longer_than_a_block_are_read_completely()
    {
        byte[] data = new byte[300_001 * 6];
        for (int i = 0; i < data.Length / 2; i++)
        {
            BitConverter.GetBytes((short)(i / 3 % 30_000)).CopyTo(data, 2 * i);
        }

        float[] samples = Load(new WavBuilder { Channels = 3, Data = data });
        Assert.Equal(Enumerable.Range(0, 300_001).Select(i => i % 30_000 / 32768f), samples);
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(5_644_800u)]
    public void Any_sample_rate_is_accepted(uint sampleRate) =>
        Assert.Equal((int)sampleRate, AudioFile.Load(new MemoryStream(new WavBuilder { SampleRate = sampleRate }.ToArray())).SampleRate);

    [Theory]
    [InlineData(0x0011, 3, "3-bit IMA ADPCM")]
    [InlineData(0x0022, 0, "TrueSpeech")]
    [InlineData(0x0065, 4, "G.722 ADPCM")]
    [InlineData(0x0055, 0, "MP3")]
    [InlineData(0x0161, 16, "Windows Media Audio")]
    [InlineData(0x1234, 16, "codec 0x1234")]
    [InlineData(1, 64, "64-bit PCM")]
    [InlineData(1, 0, "0-bit PCM")]
    [InlineData(3, 16, "16-bit IEEE float")]
    public void Names_codecs_that_are_not_supported(int tag, int bits, string name)
    {
        string message = Rejection(new WavBuilder { Tag = (ushort)tag, Bits = (ushort)bits }.ToArray());
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Contains("ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_headers_that_contradict_themselves()
    {
        Assert.Contains("0 channels", Rejection(new WavBuilder { Channels = 0 }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("0 Hz", Rejection(new WavBuilder { SampleRate = 0 }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("block align is 3", Rejection(new WavBuilder { Tag = 0x11, Bits = 4, BlockAlign = 3 }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("block align is 0", Rejection(new WavBuilder { Tag = 2, Bits = 4, BlockAlign = 0 }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("17 valid bits", Rejection(new WavBuilder { Tag = 0xFFFE, AfterFormat = WavBuilder.Extension(17, 1) }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("needs 40", Rejection(new WavBuilder { Tag = 0xFFFE }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("before the 'fmt ' chunk", Rejection([.. "RIFF"u8, 4, 0, 0, 0, .. "WAVE"u8, .. WavBuilder.Chunk("data", [1, 2])]), StringComparison.Ordinal);
        byte[] otherGuid = WavBuilder.Extension(16, 1);
        otherGuid[^1] ^= 1;
        Assert.Contains("sub-format", Rejection(new WavBuilder { Tag = 0xFFFE, AfterFormat = otherGuid }.ToArray()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    public void The_block_align_of_PCM_does_not_matter(ushort blockAlign) => Assert.Equal(s_twoSamples, Load(new WavBuilder { BlockAlign = blockAlign }));

    [Theory]
    [InlineData(6, 0)]
    [InlineData(7, 16)] // the width that G.711 decodes to
    public void G711_has_eight_bits_whatever_the_header_says(ushort tag, ushort bits)
    {
        byte[] codes = [.. Enumerable.Range(0, 256).Select(code => (byte)code)];
        Assert.Equal(Load(new WavBuilder { Tag = tag, Bits = 8, Data = codes }), Load(new WavBuilder { Tag = tag, Bits = bits, Data = codes }));
    }

    [Fact]
    public void Ambisonic_sub_formats_have_the_same_samples()
    {
        byte[] extension = [22, 0, 16, 0, 0, 0, 0, 0, .. new Guid(0x00000001, 0x0721, 0x11d3, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0).ToByteArray()];
        Assert.Equal([0f], Load(new WavBuilder { Tag = 0xFFFE, Channels = 2, AfterFormat = extension }));
    }

    [Fact]
    public void Samples_of_24_bits_in_four_bytes_are_found_on_either_side()
    {
        int[] values = [1 << 22, -(1 << 21), 1, 77_777, -12_345, 8_388_607];
        float[] expected = [.. values.Select(value => value / 8388608f)];
        byte[] Bytes(int shift) => [.. values.SelectMany(value => BitConverter.GetBytes(value << shift))];
        byte[] three = [.. values.SelectMany(value => BitConverter.GetBytes(value)[..3])];
        Assert.Equal(expected, Load(new WavBuilder { Bits = 24, BlockAlign = 4, Data = Bytes(0) }));
        Assert.Equal(expected, Load(new WavBuilder { Bits = 24, BlockAlign = 4, Data = Bytes(8) }));
        Assert.Equal(expected, Load(new WavBuilder { Bits = 24, BlockAlign = 4, Data = three })); // the header is wrong
    }

    [Fact]
    public void A_chunk_of_odd_size_may_lack_its_padding()
    {
        byte[] chunk = WavBuilder.Chunk("inst", [60, 0, 0, 1, 127, 1, 127])[..^1];
        Assert.Equal(s_twoSamples, Load(new WavBuilder { ChunksBeforeData = chunk }));
        Assert.Equal(s_twoSamples, Load(new WavBuilder { ChunksBeforeFormat = chunk }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_size_that_wrapped_around_is_told(bool isWrapped)
    {
        byte[] rest = isWrapped ? new byte[400] : WavBuilder.Chunk("LIST", new byte[400]);
        var warnings = new List<string>();
        Waveform waveform = AudioFile.Load(new MemoryStream(new WavBuilder { ChunksAfterData = rest }.ToArray()), new AudioReadOptions { Warning = warnings.Add });
        Assert.Equal(s_twoSamples, waveform.Samples);
        Assert.Equal(isWrapped, warnings is [var warning] && warning.Contains("announces 4 bytes of samples, and 400 more bytes follow", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e300)] // more than a float holds
    public void Names_the_position_of_a_sample_that_is_not_finite(double value)
    {
        byte[] data = new byte[20_000 * 16];
        BitConverter.GetBytes(value).CopyTo(data, 16_800 * 16 + 8);
        string message = Rejection(new WavBuilder { Tag = 3, Bits = 64, Channels = 2, Data = data }.ToArray());
        Assert.Contains("sample 16800 (1.050 s) of channel 2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_begin_with_the_path()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "not a recording");
        string message = Assert.Throws<InvalidDataException>(() => AudioFile.Load(path)).Message;
        File.Delete(path);
        Assert.StartsWith(path + ": this is not a recording but a text file", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("JUNK")]
    [InlineData("fmt ")]
    public void A_forged_length_of_four_gigabytes_allocates_little(string chunk)
    {
        byte[] file = new WavBuilder { ChunksBeforeData = WavBuilder.Chunk("JUNK", new byte[20]), DataSize = 0xFFFFFFF0 }.ToArray();
        int at = file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(chunk));
        BitConverter.GetBytes(0xFFFFFFF0).CopyTo(file, at + 4);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            AudioFile.Load(new OneWayStream(file));
        }
        catch (InvalidDataException)
        {
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("five24")]
    [InlineData("float32")]
    public void Damaged_files_are_read_or_rejected(string name)
    {
        byte[] file = Fixtures.Bytes($"audio/{name}.wav");
        Damage.CutAtEveryByte(file, stream => AudioFile.Load(stream));
        Damage.ChangeBytes(file, 100, 2000, stream => AudioFile.Load(stream));
        Damage.ChangeBytes(file, file.Length, 500, stream => AudioFile.Load(stream));
    }

    private static float[] Load(WavBuilder file, int cut = 0) => AudioFile.Load(new MemoryStream(file.ToArray()[..^cut])).Samples;

    private static string Rejection(byte[] file)
    {
        string message = Assert.Throws<InvalidDataException>(() => AudioFile.Load(new MemoryStream(file))).Message;
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => AudioFile.Load(new OneWayStream(file))).Message);
        return message;
    }

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }
}
