namespace Data2Vec.Audio.Codecs.Tests;

public class FlacTests
{
    /// <summary>Files by flac 1.4 and ffmpeg. The decoder also compares the MD5 of the samples with the one that the encoder wrote.</summary>
    [Theory]
    [InlineData("lpc.flac")]
    [InlineData("fixed.flac")]
    [InlineData("short-blocks.flac")]
    [InlineData("wasted.flac")]
    [InlineData("unknown-length.flac")]
    [InlineData("stereo24.flac")]
    [InlineData("int32.flac")]
    [InlineData("int8.flac")]
    [InlineData("five.flac")]
    [InlineData("flac.oga")]
    public void Decodes_what_was_encoded(string name)
    {
        Waveform waveform = Fixture.Load(Fixture.Bytes(name));
        Assert.Equal(waveform.Samples, AudioFile.Load(new OneWayStream(Fixture.Bytes(name)), AudioCodecs.Options).Samples);
        float[] source = Fixture.Reference("base.wav");
        Assert.Equal(name == "int32.flac" ? 1000 : source.Length, waveform.Samples.Length);
        Assert.Equal(22050, waveform.SampleRate);
        if (name is "lpc.flac" or "fixed.flac" or "short-blocks.flac" or "wasted.flac")
        {
            Assert.Equal(source, waveform.Samples);
        }
        else if (name is "unknown-length.flac" or "flac.oga")
        {
            AssertNear(source.Select(sample => 0.75f * sample), waveform.Samples);
        }
        else if (name is "five.flac")
        {
            AssertNear(source.Select(sample => 1.4f / 5 * sample), waveform.Samples);
        }
        else if (name is "int8.flac")
        {
            AssertNear(source, waveform.Samples, 1 / 100f);
        }
        else
        {
            float gain = MathF.Pow(10, (name == "int32.flac" ? -0.5f : -1) / 20);
            AssertNear(source.Select(sample => 0.75f * gain * sample).Take(waveform.Samples.Length), waveform.Samples);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(17)]
    [InlineData(20)]
    [InlineData(31)]
    [InlineData(32)]
    public void Decodes_all_widths_and_channel_assignments(int bits)
    {
        long full = 1L << bits - 1;
        long[] left = [-full, full - 1, 0, 1, -1, full / 2, -full, full - 1, 3 % full, -2, 0, 0, 0, 0, 0, 7 % full], right = [.. left.Reverse()];
        foreach (int assignment in (int[])[1, 8, 9, 10])
        {
            byte[] file = FlacBuilder.Build(bits, assignment, left, right);
            float[] expected = [.. left.Zip(right, (l, r) => (float)(((float)l / full + (double)((float)r / full)) / 2))];
            AssertNear(expected, Fixture.Load(file).Samples, 1e-7f);
        }
    }

    [Fact]
    public void A_tag_before_and_after_the_file_is_skipped()
    {
        byte[] tag = [.. "ID3"u8, 4, 0, 0, 0, 0, 2, 0, .. new byte[256]], end = [.. "TAG"u8, .. new byte[125]];
        foreach (string name in (string[])["lpc.flac", "unknown-length.flac"])
        {
            Assert.Equal(Fixture.Load(Fixture.Bytes(name)).Samples, Fixture.Load([.. tag, .. Fixture.Bytes(name), .. end]).Samples);
        }
    }

    [Fact]
    public void Says_that_a_file_is_truncated()
    {
        byte[] file = Fixture.Bytes("fixed.flac");
        for (int length = 43; length < file.Length; length += 97)
        {
            Assert.Contains("truncated", Fixture.Rejection(file[..length]), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_changed_bit_of_the_frames_and_of_the_header_is_noticed()
    {
        byte[] file = Fixture.Bytes("lpc.flac");
        int frames = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xF8]);
        var random = new Random(9639);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. file];
            damaged[random.Next(frames, file.Length)] ^= (byte)(1 << random.Next(8));
            Fixture.Rejection(damaged);
        }

        byte[] wrongSum = [.. file];
        wrongSum[26] ^= 1; // the MD5
        Assert.Contains("MD5", Fixture.Rejection(wrongSum), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lpc.flac")]
    [InlineData("stereo24.flac")]
    [InlineData("flac.oga")]
    public void Damaged_files_are_read_or_rejected(string name) => Fixture.Damage(name, 200, 500);

    [Fact]
    public void Damaged_frames_with_right_checksums_are_read_or_rejected()
    {
        long[] samples = [.. Enumerable.Range(0, 64).Select(i => (long)(i * i % 100))];
        byte[] file = FlacBuilder.Build(16, 1, samples, samples);
        var random = new Random(1);
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. file];
            for (int change = 0; change < 3; change++)
            {
                damaged[random.Next(FlacBuilder.FrameAt, file.Length)] ^= (byte)(1 << random.Next(8));
            }

            FlacBuilder.FixChecksums(damaged);
            try
            {
                AudioFile.Load(new MemoryStream(damaged), AudioCodecs.Options);
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    private static void AssertNear(IEnumerable<float> expected, float[] actual, float tolerance = 5e-5f)
    {
        int i = 0;
        foreach (float sample in expected)
        {
            Assert.True(Math.Abs(sample - actual[i]) <= tolerance, $"sample {i}: {sample}, {actual[i]}");
            i++;
        }

        Assert.Equal(i, actual.Length);
    }
}
