using Data2Vec.Architectures;
using Data2Vec.Text;
using Data2Vec.Training.Runs;

namespace Data2Vec.Training.Tests.State;

/// <summary>Which tokenizers a model can start with.</summary>
public class StartTokenizerTests
{
    private static readonly TextTokenizer s_tokenizer = TextTokenizer.FromVocabAndMerges(
        """{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "<mask>": 5}"""u8.ToArray(), "#version: 0.2\n"u8.ToArray());

    [Fact]
    public void A_BERT_takes_a_tokenizer_with_another_padding_id()
    {
        ModelStart start = ModelStart.New(Config(ModelArchitecture.Bert, 6)).With(s_tokenizer);
        Assert.Equal(1, Assert.IsType<TextConfig>(start.Config).PaddingId);
        Assert.Equal(s_tokenizer.VocabularySize, start.ReadTokenizer()!.VocabularySize);
    }

    [Fact]
    public void A_tokenizer_with_more_ids_than_the_model_is_refused() => Assert.Contains(
        "6 token ids, with 1 for padding, and the model has 5",
        Assert.Throws<InvalidDataException>(() => ModelStart.New(Config(ModelArchitecture.Data2VecText, 5)).With(s_tokenizer)).Message,
        StringComparison.Ordinal);

    private static TextConfig Config(string architecture, int vocabulary) => new()
    {
        Architecture = architecture,
        VocabularySize = vocabulary,
        MaxTokens = 8,
        HiddenSize = 8,
        Layers = 1,
        Heads = 2,
        FeedForwardSize = 16,
    };
}
