using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Tests;

public class PhiloxTests
{
    /// <summary>The vectors are those of the authors' library Random123 (kat_vectors, philox 4x32 with ten rounds).</summary>
    [Theory]
    [InlineData("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void Gives_the_published_words(string counter, string key, string expected)
    {
        uint[] keys = Words(key);
        Vector128<uint> actual = Philox.Block(Vector128.Create(Words(counter)), ((ulong)keys[1] << 32) | keys[0]);
        Assert.Equal(Vector128.Create(Words(expected)), actual);
    }

    private static uint[] Words(string text) => [.. text.Split(' ').Select(word => Convert.ToUInt32(word, 16))];
}
