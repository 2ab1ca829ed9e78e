using Data2Vec.Converters.Fairseq;

namespace Data2Vec.Converters.Tests.Fairseq;

public class ConvolutionListTests
{
    [Theory]
    [InlineData("[(512, 10, 5)] + [(512, 3, 2)] * 2 + [(512,2,2)]", "512/10/5 512/3/2 512/3/2 512/2/2")]
    [InlineData(" [ (1,2,3) , (4,5,6,), ]*2 ", "1/2/3 4/5/6 1/2/3 4/5/6")]
    [InlineData("[]+[(7,8,9)]", "7/8/9")]
    public void Lists_are_what_Python_makes_of_them(string text, string layers) => Assert.Equal(
        layers, string.Join(' ', ConvolutionList.Parse(text).Select(layer => $"{layer.Channels}/{layer.Kernel}/{layer.Stride}")));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("[(1,2)]")]
    [InlineData("[(1,2,3)")]
    [InlineData("[(1,2,3)] +")]
    [InlineData("[(1,2,3)] * 0")]
    [InlineData("[(1,2,-3)]")]
    [InlineData("[(0,2,3)]")]
    [InlineData("[(1,2,3)] or exit()")]
    [InlineData("[(99999999999,2,3)]")]
    [InlineData("[(1,2,3)] * 101")]
    [InlineData("[(1,2,3)] * 50 + [(1,2,3)] * 51")]
    public void Anything_else_is_refused(string text) =>
        Assert.Contains("conv_feature_layers", Assert.Throws<InvalidDataException>(() => ConvolutionList.Parse(text)).Message, StringComparison.Ordinal);
}
