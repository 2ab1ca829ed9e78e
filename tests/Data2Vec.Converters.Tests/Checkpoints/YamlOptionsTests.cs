using Data2Vec.Converters.Checkpoints;

namespace Data2Vec.Converters.Tests.Checkpoints;

/// <summary>Options in the part of YAML that configurations are dumped in.</summary>
public sealed class YamlOptionsTests
{
    [Fact]
    public void Groups_numbers_texts_and_lists_are_read()
    {
        CheckpointOptions options = YamlOptions.Parse(
            """
            # a comment
            A:
              DEPTH: 12
              NAME: 'a: text'
              RATE: 1e-3
              FLAG: true
              NONE: null
              EMPTY: []
              MEAN:
              - 0.1
              - 2
              - .5
              INNER:
                X: 5
            B: plain
            'Q': 7
            """);
        CheckpointOptions group = options.Group("A")!;
        Assert.Equal((12, "a: text", 0.001), (group.Integer("DEPTH", 0, 0, 100), group.Text("NAME"), group.Number("RATE", 0)));
        Assert.True(group.Flag("FLAG"));
        Assert.False(group.Has("NONE"));
        Assert.True(group.IsEmpty("EMPTY"));
        Assert.Equal([0.1f, 2, 0.5f], group.Numbers("MEAN", 3)!);
        Assert.Equal(5, group.Integer("INNER.X", 0, 0, 9));
        Assert.Equal((7, "plain"), (options.Integer("Q", 0, 0, 9), options.Text("B")));
    }

    [Theory, InlineData("no colon"), InlineData("- x"), InlineData("- - 1\n  - 2"), InlineData(": x"), InlineData("a:b"), InlineData("\ta: 1"), InlineData("")]
    public void What_is_not_read_is_left_out(string text) => Assert.False(YamlOptions.Parse(text).Has("b"));

    [Fact]
    public void Long_and_deep_texts_are_refused()
    {
        Assert.Throws<InvalidDataException>(() => YamlOptions.Parse(new string('a', (1 << 20) + 1)));
        Assert.Throws<InvalidDataException>(() => YamlOptions.Parse(string.Join('\n', Enumerable.Range(0, 100).Select(level => $"{new string(' ', level)}a:"))));
    }
}
