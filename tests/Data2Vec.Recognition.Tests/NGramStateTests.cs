using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Tests;

public class NGramStateTests
{
    [Fact]
    public void States_are_equal_if_their_words_are()
    {
        NGramState a = State(3, 1), b = State(3, 1), c = State(3), d = State(1, 3), e = State(3, 0);
        Assert.Equal(a, b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.All([c, d, e, default], other => Assert.NotEqual(a, other));
        Assert.NotEqual(c, e);
    }

    private static NGramState State(params int[] words)
    {
        var state = new NGramState { Length = words.Length };
        for (int i = 0; i < words.Length; i++)
        {
            state.Words[i] = words[i];
        }

        return state;
    }
}
