using CsCheck;
using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

public class ResamplerPropertyTests
{
    private static readonly Gen<(int From, int To)> s_rates =
        Gen.Select(Gen.Int[1000, 200_000], Gen.OneOf(Gen.Int[1000, 60_000], Gen.Const(16_000)));

    private static readonly Gen<float[]> s_samples = Gen.Float[-1, 1].Array[0, 400];

    [Fact]
    public void The_length_is_the_exact_ratio_rounded_up() => Gen.Select(s_rates, Gen.Int[0, 5000]).Sample(
        (rates, count) => new Resampler(rates.From, rates.To).Resample(new float[count]).Length
            == (int)(((long)count * rates.To + rates.From - 1) / rates.From),
        iter: 100);

    [Fact]
    public void Resampling_is_linear() => Gen.Select(s_rates, s_samples, Gen.Float[-2, 2], Gen.Float[-2, 2]).Sample(
        (rates, first, a, b) =>
        {
            var resampler = new Resampler(rates.From, rates.To);
            float[] second = [.. first.Reverse()];
            float[] ofSum = resampler.Resample([.. first.Zip(second, (x, y) => a * x + b * y)]);
            float[] ofFirst = resampler.Resample(first), ofSecond = resampler.Resample(second);
            for (int i = 0; i < ofSum.Length; i++)
            {
                Assert.Equal(a * ofFirst[i] + b * ofSecond[i], ofSum[i], 1e-5f);
            }
        },
        iter: 100);

    [Fact]
    public void Equal_rates_return_the_same_samples() => Gen.Select(Gen.Int[1, int.MaxValue], s_samples).Sample(
        (rate, samples) => ReferenceEquals(samples, new Resampler(rate, rate).Resample(samples)));

    [Fact]
    public void An_output_depends_only_on_samples_within_the_kernel() => Gen.Select(s_rates, s_samples).Sample(
        (rates, samples) =>
        {
            // The kernel covers less than 66 samples of the lower rate on either side of an output.
            float[] silence = new float[66 * (1 + rates.From / rates.To)];
            var resampler = new Resampler(rates.From, rates.To);
            float[] alone = resampler.Resample(samples);
            float[] followed = resampler.Resample([.. samples, .. silence, .. samples]);
            for (int i = 0; i < alone.Length; i++)
            {
                Assert.Equal(alone[i], followed[i], 1e-6f);
            }
        },
        iter: 100);
}
