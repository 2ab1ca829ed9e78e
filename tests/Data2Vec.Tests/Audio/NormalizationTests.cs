using Data2Vec.Audio;

namespace Data2Vec.Tests.Audio;

public class NormalizationTests
{
    [Theory]
    [InlineData("utterance-raw", "utterance-source", 2e-5f)] // fairseq sums in single precision
    [InlineData("offset", "offset-normalized", 1e-6f)] // numpy sums in double precision
    public void Equals_the_reference(string samples, string normalized, float tolerance)
    {
        float[] expected = Fixtures.Floats($"audio/{normalized}.npy");
        float[] actual = Normalization.PerUtterance(Fixtures.Floats($"audio/{samples}.npy"));
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }

    [Fact]
    public void A_constant_becomes_silence_and_an_empty_input_stays_empty()
    {
        Assert.Equal(new float[100], Normalization.PerUtterance(Enumerable.Repeat(0.25f, 100).ToArray()));
        Assert.Empty(Normalization.PerUtterance([]));
    }
}
