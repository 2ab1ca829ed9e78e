using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

public class WavFileTests
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
            WavFile.Load(Fixtures.Path($"audio/{name}.wav")),
            WavFile.Load(new OneWayStream(Fixtures.Bytes($"audio/{name}.wav")))])
        {
            Assert.Equal(sampleRate, waveform.SampleRate);
            Assert.Equal((double)expected.Length / sampleRate, waveform.Duration.TotalSeconds, 6);
            AssertClose(expected, waveform.Samples, 6e-8f);
        }
    }

    [Fact]
    public void Samples_equal_those_of_the_reference_implementation()
    {
        Waveform waveform = WavFile.Load(Fixtures.Path("audio/utterance.wav"));
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
        Assert.Equal((int)sampleRate, WavFile.Load(new MemoryStream(new WavBuilder { SampleRate = sampleRate }.ToArray())).SampleRate);

    [Theory]
    [InlineData(0x0002, 4, "Microsoft ADPCM")]
    [InlineData(0x0011, 4, "IMA ADPCM")]
    [InlineData(0x0031, 0, "GSM 6.10")]
    [InlineData(0x0055, 0, "MP3")]
    [InlineData(0x0161, 16, "Windows Media Audio")]
    [InlineData(0x1234, 16, "codec 0x1234")]
    [InlineData(1, 64, "64-bit PCM")]
    [InlineData(1, 0, "0-bit PCM")]
    [InlineData(3, 16, "16-bit IEEE float")]
    [InlineData(6, 16, "16-bit A-law")]
    public void Names_codecs_that_are_not_supported(int tag, int bits, string name)
    {
        string message = Rejection(new WavBuilder { Tag = (ushort)tag, Bits = (ushort)bits }.ToArray());
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Contains("convert to", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_headers_that_contradict_themselves()
    {
        Assert.Contains("0 channels", Rejection(new WavBuilder { Channels = 0 }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("0 Hz", Rejection(new WavBuilder { SampleRate = 0 }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("block align is 3", Rejection(new WavBuilder { BlockAlign = 3 }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("block align is 0", Rejection(new WavBuilder { BlockAlign = 0 }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("17 valid bits", Rejection(new WavBuilder { Tag = 0xFFFE, AfterFormat = WavBuilder.Extension(17, 1) }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("needs 40", Rejection(new WavBuilder { Tag = 0xFFFE }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("before the 'fmt ' chunk", Rejection([.. "RIFF"u8, 4, 0, 0, 0, .. "WAVE"u8, .. WavBuilder.Chunk("data", [1, 2])]), StringComparison.Ordinal);
        byte[] otherGuid = WavBuilder.Extension(16, 1);
        otherGuid[^1] ^= 1;
        Assert.Contains("sub-format", Rejection(new WavBuilder { Tag = 0xFFFE, AfterFormat = otherGuid }.ToArray()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("524946462400", "RIFF header")]
    [InlineData("494433040000000000000000", "an MP3 file")]
    [InlineData("FFFB90640000000000000000", "an MP3 file")]
    [InlineData("664C61430000002212001200", "a FLAC file")]
    [InlineData("4F6767530002000000000000", "an Ogg file")]
    [InlineData("464F524D00001234414946460000", "an AIFF file")]
    [InlineData("464F524D00001234414946430000", "an AIFF file")]
    [InlineData("00000020667479704D344120", "an MP4 file")]
    [InlineData("524946580000000057415645", "big-endian")]
    [InlineData("524946460000000041564920", "an AVI video")]
    [InlineData("FFF15080001FFC0000000000", "a raw AAC file")]
    [InlineData("48656C6C6F2C20776F726C64", "'Hell'")]
    [InlineData("00010203040506070809", "bytes 00010203")]
    public void Names_the_type_of_files_other_than_WAV(string hex, string name) =>
        Assert.Contains(name, Rejection(Convert.FromHexString(hex)), StringComparison.Ordinal);

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
        string message = Assert.Throws<InvalidDataException>(() => WavFile.Load(path)).Message;
        File.Delete(path);
        Assert.StartsWith(path + ": this is not a WAV file", message, StringComparison.Ordinal);
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
            WavFile.Load(new OneWayStream(file));
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
        Damage.CutAtEveryByte(file, stream => WavFile.Load(stream));
        Damage.ChangeBytes(file, 100, 2000, stream => WavFile.Load(stream));
        Damage.ChangeBytes(file, file.Length, 500, stream => WavFile.Load(stream));
    }

    private static float[] Load(WavBuilder file, int cut = 0) => WavFile.Load(new MemoryStream(file.ToArray()[..^cut])).Samples;

    private static string Rejection(byte[] file)
    {
        string message = Assert.Throws<InvalidDataException>(() => WavFile.Load(new MemoryStream(file))).Message;
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => WavFile.Load(new OneWayStream(file))).Message);
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
