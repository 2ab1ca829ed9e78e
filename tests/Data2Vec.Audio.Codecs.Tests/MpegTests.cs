namespace Data2Vec.Audio.Codecs.Tests;

public class MpegTests
{
    [Theory]
    [InlineData("mono.mp3")]
    [InlineData("ffmpeg.mp3")]
    [InlineData("stereo.mp3")]
    [InlineData("no-tag.mp3")]
    [InlineData("checksum.mp3")]
    [InlineData("layer2.mp2")]
    [InlineData("mp3.wav")]
    public void Samples_equal_those_of_libsndfile(string name) => Fixture.AssertDecodes(name, 1e-5f);

    [Theory]
    [InlineData("mono.mp3")]
    [InlineData("ffmpeg.mp3")]
    public void A_recording_has_the_length_it_had_before(string name) => Assert.Equal(Fixture.Reference("base.wav").Length, Fixture.Load(Fixture.Bytes(name)).Samples.Length);

    [Fact]
    public void Short_blocks_at_8_kHz_are_refused() =>
        Assert.Contains("MP3 at 8 kHz", Fixture.Rejection(Fixture.Bytes("8khz.mp3")), StringComparison.Ordinal);

    [Fact]
    public void Tags_before_and_after_the_frames_are_skipped()
    {
        byte[] file = Fixture.Bytes("mono.mp3");
        byte[] tag = [.. "ID3"u8, 4, 0, 0, 0, 0, 0x40, 0, .. Enumerable.Repeat((byte)0xFF, 0x40 << 7)], end = [.. "TAG"u8, .. new byte[125]];
        Assert.Equal(Fixture.Load(file).Samples, Fixture.Load([.. tag, .. new byte[100], .. file, .. end]).Samples);
    }

    [Fact]
    public void A_file_may_begin_within_a_frame()
    {
        byte[] file = Fixture.Bytes("stereo.mp3");
        Waveform whole = Fixture.Load(file);
        byte[] part = file[1000..];
        Assert.True(AudioFile.IsAudio(part, AudioCodecs.Options));
        float[] end = Fixture.Load(part).Samples;
        Assert.InRange(end.Length, whole.Samples.Length / 3, whole.Samples.Length + 2 * 1152); // without the tag, nothing is removed at the ends
    }

    [Fact]
    public void Damaged_frames_become_silence_and_are_told()
    {
        byte[] file = Fixture.Bytes("stereo.mp3");
        var warnings = new List<string>();
        AudioFile.Load(new MemoryStream(file[1000..]), AudioCodecs.Options with { Warning = warnings.Add });
        Assert.Contains("MPEG audio frames could not be decoded", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stereo.mp3")]
    [InlineData("layer2.mp2")]
    [InlineData("mp3.wav")]
    public void Damaged_files_are_read_or_rejected(string name) => Fixture.Damage(name, 100, 300);

    [Fact]
    public void A_WAV_file_with_MP3_needs_the_decoder()
    {
        string message = Assert.Throws<InvalidDataException>(() => AudioFile.Load(new MemoryStream(Fixture.Bytes("mp3.wav")))).Message;
        Assert.Contains("MP3 in a WAV file", message, StringComparison.Ordinal);
        message = Assert.Throws<InvalidDataException>(() => AudioFile.Load(new MemoryStream(Fixture.Bytes("mono.mp3")))).Message;
        Assert.Contains("Data2Vec.Audio.Codecs", message, StringComparison.Ordinal);
    }
}
