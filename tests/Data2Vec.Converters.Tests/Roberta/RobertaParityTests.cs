using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.ModelFile;
using Data2Vec.Text;

namespace Data2Vec.Converters.Tests.Roberta;

/// <summary>RoBERTa, from the checkpoints of fairseq and of transformers to fairseq's activations.</summary>
public sealed class RobertaParityTests() : ParityTests("roberta")
{
    private static readonly string[] s_texts = ["text0", "text1", "text2", "full"];

    [Theory, InlineData("roberta.pt"), InlineData("roberta_2019.pt")]
    public void Every_layer_is_fairseqs(string checkpoint)
    {
        using TextModel model = Load<TextModel>(checkpoint);
        Assert.Equal(("data2vec-text", 40, 397), (model.Architecture, model.Config.MaxTokens, model.Config.VocabularySize));
        foreach (string text in s_texts)
        {
            float[][] layers = model.EmbedPreparedLayers(Tokens($"base/{text}"), new EmbeddingOptions { Pooling = Pooling.None });
            Close($"base/{text}/layers.npy", [.. layers.SelectMany(layer => layer)]);
            Close($"base/{text}/out.npy", layers[^1]);
        }
    }

    [Fact]
    public void A_checkpoint_of_2019_gives_the_bits_of_the_same_one_of_today() => Assert.Equal(Weights(Convert("roberta.pt")), Weights(Convert("roberta_2019.pt")));

    [Theory, InlineData("roberta_cls.pt"), InlineData("hf_classification")]
    public void The_scores_of_a_head_are_fairseqs(string checkpoint)
    {
        using TextModel model = Load<TextModel>(checkpoint);
        foreach (string text in s_texts)
        {
            Close($"cls/{text}/logits.npy", model.Scores([Tokens($"cls/{text}")])[0]);
        }

        Assert.Equal(checkpoint == "hf_classification" ? ["contradiction", "neutral", "entailment"] : ["0", "1", "2"], model.Labels!);
    }

    [Fact]
    public void Texts_and_pairs_become_the_ids_of_both_tokenizers()
    {
        (string Text, int[] Ids)[] texts = [.. JsonNode.Parse(File.ReadAllText(Fixture("texts.json")))!.AsArray().Select(text =>
            ((string)text!["text"]!, (int[])[.. text["ids"]!.AsArray().Select(id => (int)id!)]))];
        using TextModel fairseq = Load<TextModel>("roberta_cls.pt", options: new ConversionOptions
        {
            BytePairFiles = (Fixture("encoder.json"), Fixture("vocab.bpe")),
            DictionaryPath = Fixture("dict.txt"),
        });
        using TextModel folder = Load<TextModel>("hf_classification");
        foreach ((string text, int[] ids) in texts)
        {
            Assert.Equal(ids, Assert.Single(fairseq.Tokenize(text).Windows).Ids);
            Assert.Equal(ids, Assert.Single(folder.Tokenize(text).Windows).Ids);
        }

        // The longest of these pairs has 40 tokens, as many as the model accepts.
        foreach (((string first, int[] ofFirst), (string second, int[] ofSecond)) in texts.SelectMany(first => texts.Select(second => (first, second))))
        {
            if (ofFirst.Length + ofSecond.Length > 40)
            {
                continue;
            }

            int[] expected = [.. ofFirst, 2, .. ofSecond[1..]];
            foreach (TextModel model in (TextModel[])[fairseq, folder])
            {
                PairTokens tokens = model.TokenizePair(new TextPair(first, second));
                Assert.Equal(expected, tokens.Ids);
                Assert.Equal(expected, tokens.ToInput());
                Assert.False(tokens.IsTruncated);
            }
        }

        LabelProbability[] pair = folder.ClassifyPairs([new TextPair(texts[0].Text, texts[1].Text)])[0];
        Assert.Equal(folder.ClassifyPrepared((int[])[.. texts[0].Ids, 2, .. texts[1].Ids[1..]]), pair);
    }

    private static List<byte[]> Weights(string model)
    {
        using D2vFile file = D2vFile.Open(model);
        return [.. file.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(tensor =>
        {
            var values = new float[tensor.Count];
            file.Read(tensor, values);
            return System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        })];
    }

    private ReadOnlyMemory<int> Tokens(string folder) => Read($"{folder}/tokens.npy").Int64s().Select(id => (int)id).ToArray();
}
