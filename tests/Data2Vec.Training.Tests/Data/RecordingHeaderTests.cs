using Data2Vec.Audio;
using Data2Vec.Training.Data;

namespace Data2Vec.Training.Tests.Data;

public sealed class RecordingHeaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1234, 16000, 1, null)]
    [InlineData(1234, 44100, 2, null)]
    [InlineData(1234, 8000, 1, 0u)] // sizes that a streaming writer leaves
    [InlineData(1234, 8000, 1, uint.MaxValue)]
    [InlineData(1234, 8000, 2, 0x7FFFFFFFu)]
    [InlineData(1234, 16000, 1, 5000u)] // cut off
    [InlineData(1234, 16000, 1, 1001u)] // half a sample
    public void The_length_is_that_of_the_decoded_recording(int samples, int rate, int channels, uint? dataBytes)
    {
        string path = _folder.WriteWav("a.wav", samples, rate, channels, dataBytes);
        Waveform decoded = AudioFile.Load(path);
        Assert.Equal(new RecordingLength(decoded.Samples.Length, decoded.SampleRate), RecordingHeader.Read(path, new AudioReadOptions()));
    }

    [Theory]
    [InlineData("RIFF")]
    [InlineData("RIFF1234WAVE")]
    [InlineData("RIFF1234WAVEdata")]
    [InlineData("fLaC")]
    [InlineData("")]
    public void Files_that_end_in_their_header_are_damaged(string content)
    {
        string path = _folder.Write("a.wav", content);
        Assert.Throws<InvalidDataException>(() => RecordingHeader.Read(path, new AudioReadOptions()));
    }

    [Theory]
    [InlineData(1, 44100, 16000)]
    [InlineData(44099, 44099, 16000)]
    [InlineData(12345, 11025, 16000)]
    [InlineData(777, 48000, 16000)]
    [InlineData(777, 16000, 16000)]
    public void The_length_after_resampling_is_known(int samples, int from, int to) =>
        Assert.Equal(new Waveform(new float[samples], from).Resample(to).Samples.Length, new RecordingLength(samples, from).At(to));

    [Fact]
    public void The_length_of_FLAC_is_in_its_header()
    {
        // STREAMINFO of 44,100 Hz, 2 channels, 16 bits and 2^35 + 5 samples; nothing follows it.
        byte[] file = [.. "fLaC"u8, 0x80, 0, 0, 34, .. new byte[10], 0x0A, 0xC4, 0x42, 0xF8, 0, 0, 0, 5, .. new byte[16]];
        string path = _folder.Write("a.flac", file);
        Assert.Contains("limit", Assert.Throws<InvalidDataException>(() => RecordingHeader.Read(path, new AudioReadOptions())).Message, StringComparison.Ordinal);
        file[21] = 0xF0;
        path = _folder.Write("a.flac", file);
        Assert.Equal(new RecordingLength(5, 44100), RecordingHeader.Read(path, new AudioReadOptions()));

        // Without a number of samples the file is decoded, which needs a decoder.
        file[25] = 0;
        path = _folder.Write("a.flac", file);
        Assert.Contains("Data2Vec.Audio.Codecs", Assert.Throws<InvalidDataException>(() => RecordingHeader.Read(path, new AudioReadOptions())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_are_kept_until_a_recording_changes()
    {
        string lengths = _folder["run/lengths.tsv"];
        Directory.CreateDirectory(_folder["run"]);
        RecordingSource[] recordings = [.. Enumerable.Range(0, 3).Select(i => _folder.WriteWav($"{i} ä.wav", 100 + i)).Select(path => new RecordingSource(path, path, path))];
        Assert.Equal([100, 101, 102], Measured());
        string[] lines = File.ReadAllLines(lengths);
        Assert.Equal(3, lines.Length);

        // What is in the file is used: it is not measured again.
        File.WriteAllLines(lengths, lines.Select(line => line.Replace("\t101\t", "\t777\t", StringComparison.Ordinal)));
        Assert.Equal([100, 777, 102], Measured());

        // A changed recording is measured again, the others are not.
        _folder.WriteWav("0 ä.wav", 200);
        Assert.Equal([200, 777, 102], Measured());
        Assert.Equal([200, 777, 102], Measured());

        // A damaged file is as good as none.
        File.WriteAllText(lengths, "a\tb\n\t\t\t\0");
        Assert.Equal([200, 101, 102], Measured());
        File.WriteAllLines(lengths, File.ReadAllLines(lengths).Select(line => $"{line[..line.LastIndexOf('\t')]}\t0"));
        Assert.Equal([200, 101, 102], Measured());

        long[] Measured() => [.. RecordingLengths.Measure(recordings, new AudioReadOptions(), lengths).Select(result => result.Length.Samples)];
    }
}
