namespace Data2Vec.Kernels.Tests;

public class SmokeTests
{
    [Fact]
    public void Passes() => Assert.True(BitConverter.IsLittleEndian);
}
