namespace Data2Vec.Cli.Tests;

public class SmokeTests
{
    [Fact]
    public void Passes() => Assert.True(BitConverter.IsLittleEndian);
}
