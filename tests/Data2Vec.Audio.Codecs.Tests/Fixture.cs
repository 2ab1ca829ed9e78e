namespace Data2Vec.Audio.Codecs.Tests;

/// <summary>The files in the folder Fixtures. The script tests/Fixtures/audio/make_formats.py describes them.</summary>
internal static class Fixture
{
    private const float OneBit = 1 / 32768f;

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name));

    public static Waveform Load(byte[] file) => AudioFile.Load(new MemoryStream(file), AudioCodecs.Options);

    /// <summary>What another program decoded, to 16 bits.</summary>
    public static float[] Reference(string name)
    {
        bool isBase = !File.Exists(Path.Combine(AppContext.BaseDirectory, "Fixtures", name + ".s16"));
        byte[] bytes = isBase ? Bytes("base.wav")[44..] : Bytes(name + ".s16");
        return [.. Enumerable.Range(0, bytes.Length / 2).Select(i => BitConverter.ToInt16(bytes, 2 * i) * OneBit)];
    }

    /// <summary>Decodes a file from a seekable stream and from a pipe, and compares the samples with the reference.</summary>
    public static Waveform AssertDecodes(string name, float tolerance)
    {
        float[] expected = Reference(name);
        Waveform waveform = Load(Bytes(name));
        Assert.Equal(waveform.Samples, AudioFile.Load(new OneWayStream(Bytes(name)), AudioCodecs.Options).Samples);
        var blocks = new List<float>();
        AudioFile.ReadBlocks(new OneWayStream(Bytes(name)), (block, _) => blocks.AddRange(block), AudioCodecs.Options);
        Assert.Equal(waveform.Samples, blocks);
        Assert.Equal(expected.Length, waveform.Samples.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - waveform.Samples[i]) <= tolerance + 0.51f * OneBit, $"{name}, sample {i}: {expected[i]}, {waveform.Samples[i]}");
        }

        return waveform;
    }

    public static string Rejection(byte[] file)
    {
        string message = Assert.Throws<InvalidDataException>(() => Load(file)).Message;
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => AudioFile.Load(new OneWayStream(file), AudioCodecs.Options)).Message);
        return message;
    }

    /// <summary>Damages a file. It must be read, or be refused with InvalidDataException.</summary>
    public static void Damage(string name, int cuts, int changes, Action<byte[]>? repair = null)
    {
        byte[] file = Bytes(name);
        var random = new Random(6716);
        for (int i = 0; i < cuts + changes; i++)
        {
            byte[] damaged = i < cuts ? file[..(int)((long)file.Length * i / cuts)] : [.. file];
            int among = random.Next(2) == 0 ? Math.Min(200, file.Length) : file.Length;
            for (int change = random.Next(1, 6); i >= cuts && change > 0; change--)
            {
                damaged[random.Next(among)] ^= (byte)(1 << random.Next(8));
            }

            repair?.Invoke(damaged);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                AudioFile.Load(new MemoryStream(damaged), AudioCodecs.Options with { MaxSamples = 1 << 20 });
            }
            catch (InvalidDataException)
            {
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        }
    }
}
