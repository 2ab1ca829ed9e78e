using System.Text.Json.Nodes;
using Data2Vec.Converters.Exports;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.ModelFile;
using Data2Vec.Text;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>Pairs of texts in BERT, with the types of their tokens.</summary>
public sealed class BertPairTests() : ParityTests("bert")
{
    private static readonly TextPair s_pair = new("The people hate the meme", "niño año, $5 中文 unable!");

    [Fact]
    public void Tokens_types_vectors_and_probabilities_are_those_of_a_plain_forward()
    {
        using TextModel model = Load<TextModel>("hf");
        foreach (JsonNode? expected in JsonNode.Parse(File.ReadAllBytes(Fixture("pairs.json")))!.AsArray())
        {
            var pair = new TextPair((string)expected!["first"]!, (string)expected["second"]!);
            int most = (int)expected["max_tokens"]!;
            PairTokens tokens = model.TokenizePair(pair, new ClassificationOptions { MaxTokens = most });
            Assert.Equal(Numbers(expected["ids"]!), tokens.Ids.Select(id => (double)id));
            Assert.Equal(Numbers(expected["types"]!), tokens.Types.Select(type => (double)type));
            Assert.Equal(Length(model, pair) > most, tokens.IsTruncated);
            var options = new ClassificationOptions { MaxTokens = most };
            Dictionary<string, float> labels = model.ClassifyPairs([pair], options)[0].ToDictionary(label => label.Label, label => label.Probability);
            Close([.. Numbers(expected["probabilities"]!).Select(value => (float)value)], [labels["no"], labels["perhaps"], labels["yes"]], "probabilities");
            float[] mean = model.EmbedPairs([pair], new EmbeddingOptions { MaxTokens = most })[0];
            Close([.. Numbers(expected["mean"]!).Select(value => (float)value)], mean[..16], "mean");
        }
    }

    [Fact]
    public async Task Every_layer_is_that_of_a_plain_forward_alone_in_a_batch_and_through_the_queue()
    {
        using TextModel model = Load<TextModel>("hf");
        int[] input = model.TokenizePair(s_pair).ToInput();
        float[][] layers = model.EmbedPreparedLayers(input, new EmbeddingOptions { Pooling = Pooling.None });
        Close("pair_layers.npy", [.. layers.SelectMany(layer => layer)]);
        float[] alone = model.EmbedPairs([s_pair])[0], text = model.Embed(s_pair.First);
        Assert.Equal([text, alone], model.EmbedPrepared([model.Tokenizer!.Encode(s_pair.First), input]));
        Assert.Equal(alone, (await model.EmbedPairsAsync([s_pair], cancellationToken: TestContext.Current.CancellationToken))[0]);
        Assert.Equal(model.ClassifyPairs([s_pair])[0], (await model.ClassifyPairsAsync([s_pair], cancellationToken: TestContext.Current.CancellationToken))[0]);
        Assert.NotEqual(alone, model.EmbedPrepared((int[])[.. model.TokenizePair(s_pair).Ids]));
    }

    [Fact]
    public void A_pair_that_is_too_long_is_cut_or_refused_and_never_split()
    {
        using TextModel model = Load<TextModel>("hf");
        var pair = new TextPair(string.Join(' ', Enumerable.Repeat("the", 30)), "meme");
        Assert.True(model.TokenizePair(pair).IsTruncated);
        Assert.Equal(24, model.TokenizePair(pair).Ids.Count);
        Assert.Equal(24, Assert.Throws<TextTooLongException>(() => model.EmbedPairs([pair], new EmbeddingOptions { LongTexts = LongTextPolicy.Error })).Limit);
        Assert.Contains("not split", Assert.Throws<ArgumentException>(() => model.EmbedPairs([pair], new EmbeddingOptions { LongTexts = LongTextPolicy.Chunk })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.TokenizePair(pair, new ClassificationOptions { MaxTokens = 4 }));
        Assert.Throws<ArgumentNullException>(() => model.TokenizePair(default));
    }

    [Fact]
    public void A_model_file_without_types_refuses_pairs_and_says_how_to_get_them()
    {
        string file = ModelFiles.WithConfig(Convert("hf"), config => config.Remove("token_types"));
        using TextModel model = Data2VecModel.Load<TextModel>(file, new ModelOptions { Threads = 1 });
        using TextModel typed = Load<TextModel>("hf");
        Assert.NotEmpty(model.EmbedPrepared(typed.Tokenizer!.Encode("the meme")));
        int[] pair = typed.TokenizePair(s_pair).ToInput();
        Assert.Contains("convert the checkpoint again", Assert.Throws<InvalidDataException>(() => model.EmbedPrepared(pair)).Message, StringComparison.Ordinal);
        Assert.Contains("out of the model's range", Assert.Throws<InvalidDataException>(() => typed.EmbedPrepared(new[] { 3, 4 | (2 << TextConfig.TokenTypeShift) })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_2019_has_types_too()
    {
        using TextModel model = Load<TextModel>("bert_2019.bin", options: new ConversionOptions { VocabularyPath = Fixture("hf/vocab.txt") });
        Assert.Equal(2, model.Config.TokenTypes);
        Assert.NotEqual(model.EmbedPrepared((int[])[.. model.TokenizePair(s_pair).Ids]), model.EmbedPairs([s_pair])[0]);
    }

    [Fact]
    public void An_export_keeps_the_types()
    {
        using TextModel model = Load<TextModel>("hf");
        string folder = Path.Combine(Folder, "exported"), again = Path.Combine(Folder, "again.d2v");
        using (D2vFile file = D2vFile.Open(Path.Combine(Folder, "hf.d2v")))
        {
            HuggingFaceExport.Write(folder, file);
        }

        CheckpointConverter.Convert(folder, again);
        using TextModel read = Data2VecModel.Load<TextModel>(again, new ModelOptions { Threads = 2 });
        Assert.Equal(model.EmbedPairs([s_pair])[0], read.EmbedPairs([s_pair])[0]);
    }

    private static int Length(TextModel model, TextPair pair) =>
        model.Tokenizer!.EncodeWithoutSpecials(pair.First).Length + model.Tokenizer.EncodeWithoutSpecials(pair.Second).Length + 3;

    private static IEnumerable<double> Numbers(JsonNode node) => node.AsArray().Select(value => (double)value!);
}
