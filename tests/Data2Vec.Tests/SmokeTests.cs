namespace Data2Vec.Tests;

public class SmokeTests
{
    [Fact]
    public void Passes() => Assert.True(BitConverter.IsLittleEndian);
}
