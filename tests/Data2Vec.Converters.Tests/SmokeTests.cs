namespace Data2Vec.Converters.Tests;

public class SmokeTests
{
    [Fact]
    public void Passes() => Assert.True(BitConverter.IsLittleEndian);
}
