using System.Diagnostics;
using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

public class ResamplerTests
{
    private const int Settled = 300; // output samples at either end that are affected by the silence beyond it

    // The same design applies to every pair of rates: flat up to 0.45 of the lower rate, closed from half of it.
    public static TheoryData<int, int> Rates => new()
    {
        { 44100, 16000 }, { 48000, 16000 }, { 22050, 16000 }, { 96000, 16000 }, { 192000, 16000 }, { 44099, 16000 },
        { 16001, 16000 }, { 2999999, 16000 }, { 8000, 16000 }, { 11025, 16000 }, { 7999, 16000 }, { 16000, 44100 },
    };

    [Theory]
    [MemberData(nameof(Rates))]
    public void Tones_in_the_pass_band_are_unchanged(int from, int to)
    {
        var resampler = new Resampler(from, to);
        double top = Math.Min(from, to) * 0.4375; // 7 kHz of 16 kHz
        foreach (double frequency in (double[])[0, top * 0.013, top * 0.37, top * 0.71, top * 0.93, top])
        {
            float[] result = resampler.Resample(Tone(frequency, from, seconds: 0.12));
            double noise = 0, signal = 0;
            for (int i = Margin(from, to); i < result.Length - Margin(from, to); i++)
            {
                double ideal = Math.Cos(2 * Math.PI * frequency * i / to + 0.3);
                signal += ideal * ideal;
                noise += (result[i] - ideal) * (result[i] - ideal);
            }

            Assert.True(Decibels(noise / signal) < -90, $"{frequency} Hz has an error of {Decibels(noise / signal):F1} dB");
        }
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Blocks_give_the_same_bits_as_the_whole(int from, int to)
    {
        var random = new Random(from);
        float[] samples = [.. Enumerable.Range(0, from / 3).Select(_ => (float)random.NextDouble())];
        var resampler = new Resampler(from, to);
        foreach (int length in new[] { 0, 1, 50, samples.Length })
        {
            StreamingResampler stream = resampler.Start();
            var blocks = new List<float>();
            for (int at = 0, count; at < length; at += count)
            {
                count = Math.Min(length - at, random.Next(from / 16));
                blocks.AddRange(stream.Append(samples.AsSpan(at, count)));
            }

            blocks.AddRange(stream.Complete());
            Assert.Equal(resampler.Resample(samples[..length]), blocks);
        }
    }

    [Theory]
    [InlineData(44100)]
    [InlineData(48000)]
    [InlineData(96000)]
    [InlineData(44099)]
    [InlineData(22050)]
    [InlineData(2999999)]
    public void Tones_above_the_output_band_leave_no_aliases(int from)
    {
        var resampler = new Resampler(from);
        for (double frequency = 8000; frequency <= Math.Min(20_000, from / 2); frequency += 250)
        {
            float[] result = resampler.Resample(Tone(frequency, from, seconds: 0.12));
            double power = MeanSquare(result.AsSpan(Margin(from, 16000)..^Margin(from, 16000))) / 0.5;
            Assert.True(Decibels(power) < -90, $"{frequency} Hz leaks through at {Decibels(power):F1} dB");
        }
    }

    [Theory]
    [InlineData(8000)]
    [InlineData(7999)]
    [InlineData(11025)]
    public void Upsampling_leaves_no_images(int from)
    {
        // Tones up to the input's Nyquist frequency must leave nothing above it.
        var resampler = new Resampler(from);
        for (double frequency = from * 0.05; frequency < from * 0.5; frequency += from * 0.05)
        {
            float[] result = resampler.Resample(Tone(frequency, from, seconds: 0.2));
            Span<float> settled = result.AsSpan(Margin(from, 16000)..^Margin(from, 16000));
            for (double image = from - frequency; image < 8000; image += from)
            {
                double decibels = Decibels(PowerAt(settled, image, 16000));
                Assert.True(decibels < -90, $"{frequency} Hz leaves {decibels:F1} dB at {image} Hz");
            }
        }
    }

    [Theory]
    [InlineData(44100)]
    [InlineData(48000)]
    [InlineData(22050)]
    [InlineData(8000)]
    public void Equals_resample_poly_of_scipy_with_a_longer_filter(int from)
    {
        float[] expected = Fixtures.Floats($"audio/tones-{from}-to-16000.npy");
        float[] actual = new Resampler(from).Resample(Fixtures.Floats($"audio/tones-{from}.npy"));
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 3e-5f));
    }

    [Theory]
    [InlineData(48000, 16000, 300)]
    [InlineData(44100, 16000, 441)]
    [InlineData(8000, 16000, 77)]
    [InlineData(32000, 16000, 0)]
    public void An_impulse_keeps_its_time_and_becomes_symmetric(int from, int to, int at)
    {
        float[] samples = new float[900];
        samples[at] = 1;
        float[] result = new Resampler(from, to).Resample(samples);
        int peak = (int)((long)at * to / from);
        Assert.Equal(peak, Array.IndexOf(result, result.Max()));
        for (int i = 1; i < Math.Min(peak, 60); i++)
        {
            Assert.Equal(result[peak - i], result[peak + i], 1e-7f);
        }

        Assert.Equal(Math.Min(1.0, (double)to / from) * 0.95, result[peak], 1e-3); // the middle of a low-pass at 0.95 Nyquist
    }

    [Fact]
    public void A_sweep_is_reproduced()
    {
        // From 100 Hz to 6.9 kHz in two seconds.
        const int from = 44100, to = 16000;
        static double Sweep(double t) => Math.Sin(2 * Math.PI * (100 * t + 1700 * t * t));
        float[] samples = [.. Enumerable.Range(0, 2 * from).Select(i => (float)Sweep((double)i / from))];
        float[] result = new Resampler(from, to).Resample(samples);
        double worst = 0;
        for (int i = Settled; i < result.Length - Settled; i++)
        {
            worst = Math.Max(worst, Math.Abs(result[i] - Sweep((double)i / to)));
        }

        Assert.InRange(worst, 0, 3e-5);
    }

    [Theory]
    [InlineData(44100, 16000)]
    [InlineData(8000, 16000)]
    [InlineData(16001, 16000)]
    [InlineData(48000, 1)]
    [InlineData(1, 16000)]
    public void The_length_is_the_exact_ratio_rounded_up(int from, int to)
    {
        var resampler = new Resampler(from, to);
        for (int n = 0; n < 100; n = n * 2 + 1)
        {
            Assert.Equal((int)Math.Ceiling((decimal)n * to / from), resampler.Resample(new float[n]).Length);
        }
    }

    [Fact]
    public void Equal_rates_return_the_same_samples()
    {
        float[] samples = [1, 2, 3];
        Assert.Same(samples, new Resampler(16000).Resample(samples));
        var waveform = new Waveform(samples, 16000);
        Assert.Same(waveform, waveform.Resample());
        Assert.Equal(new Waveform(samples, 8000).Resample().Samples, new Resampler(8000).Resample(samples));
    }

    [Theory]
    [InlineData(44099, 16000)]
    [InlineData(15999, 16000)]
    [InlineData(2999999, 16000)]
    [InlineData(99999999, 16000)]
    [InlineData(1, 16000)]
    public void Ratios_of_large_integers_need_no_large_table(int from, int to)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = new Resampler(from, to);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 << 20);
    }

    [Fact]
    public void Rejects_impossible_rates_and_lengths()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Resampler(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Resampler(16000, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Resampler(int.MaxValue, 1));
        Assert.Throws<ArgumentException>(() => new Resampler(1).Resample(new float[200_000]));
    }

    [Fact]
    public void A_waveform_requires_samples_and_a_rate()
    {
        Assert.Throws<ArgumentNullException>(() => new Waveform(null!, 16_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Waveform([], 0));
        Assert.Throws<InvalidDataException>(() => new Waveform([1], Waveform.LowestRate - 1).Resample());
    }

    [Fact]
    public void A_minute_is_resampled_within_seconds()
    {
        float[] samples = new float[60 * 44100];
        var resampler = new Resampler(44100);
        resampler.Resample(samples);
        var watch = Stopwatch.StartNew();
        resampler.Resample(samples);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 3); // 0.1 s on an idle machine in a release build
    }

    private static int Margin(int from, int to) => to > from ? (int)((long)Settled * to / from) : Settled;

    private static float[] Tone(double frequency, int rate, double seconds)
    {
        // long enough for both margins
        int count = (int)(rate * seconds) + (int)(2.0 * Settled * Math.Max(1, rate / 16000.0));
        return [.. Enumerable.Range(0, count).Select(i => (float)Math.Cos(2 * Math.PI * frequency * i / rate + 0.3))];
    }

    private static double MeanSquare(ReadOnlySpan<float> samples)
    {
        double sum = 0;
        foreach (float sample in samples)
        {
            sum += (double)sample * sample;
        }

        return sum / samples.Length;
    }

    /// <summary>The power at one frequency under a squared Hann window. A tone of amplitude 1 has power 1.</summary>
    private static double PowerAt(ReadOnlySpan<float> samples, double frequency, int rate)
    {
        double real = 0, imaginary = 0, total = 0;
        for (int i = 0; i < samples.Length; i++)
        {
            double window = Math.Pow(Math.Sin(Math.PI * (i + 0.5) / samples.Length), 4);
            real += window * samples[i] * Math.Cos(2 * Math.PI * frequency * i / rate);
            imaginary += window * samples[i] * Math.Sin(2 * Math.PI * frequency * i / rate);
            total += window;
        }

        return 4 * (real * real + imaginary * imaginary) / (total * total);
    }

    private static double Decibels(double power) => 10 * Math.Log10(power);
}
