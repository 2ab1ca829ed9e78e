using Data2Vec.Converters.Exports;
using Data2Vec.IO;
using Data2Vec.ModelFile;
using Data2Vec.Text;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>A small MPNet in a folder of sentence-transformers. The hidden states are PyTorch's, see Fixtures/mpnet/make_mpnet.py.</summary>
public sealed class MpNetTests() : FolderTests("mpnet")
{
    private const int Rows = 7;

    private int[] Ids => [.. NpyFile.Read(PathOf("ids.npy")).Int64s().Select(id => (int)id)];

    [Fact]
    public void Hidden_states_of_every_layer_are_those_of_PyTorch_also_beyond_the_farthest_distance()
    {
        using TextModel model = Load<TextModel>();
        Assert.Equal(("mpnet", 144, 2), (model.Architecture, model.Config.MaxTokens, model.Config.FirstPosition));
        float[] expected = NpyFile.Read(PathOf("hidden.npy")).Floats();
        float[] actual = [.. model.EmbedPreparedLayers(Ids, new EmbeddingOptions { Pooling = Pooling.None })
            .SelectMany(layer => layer.Chunk(24).Where((_, row) => row % Rows == 0)).SelectMany(row => row)];
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void Vectors_are_made_as_the_modules_say()
    {
        using TextModel model = Load<TextModel>();
        Assert.Equal((Pooling.Mean, true, 128), (model.Config.Embedding.Pooling, model.Config.Embedding.Normalize, model.Config.Preparation.MaxTokens));
        float[] rows = model.EmbedPrepared(Ids, new EmbeddingOptions { Pooling = Pooling.None });
        double[] mean = [.. Enumerable.Range(0, 24).Select(i => rows.Chunk(24).Average(row => (double)row[i]))];
        double length = Math.Sqrt(mean.Sum(value => value * value));
        Assert.All(mean.Zip(model.EmbedPrepared(Ids)), pair => Assert.Equal(pair.First / length, pair.Second, 1e-5));
        Assert.Contains("padding", Assert.Throws<InvalidDataException>(() => model.EmbedPrepared([new[] { 0, 1, 2 }])).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Word_pieces_stand_between_RoBERTas_tokens(bool isFast)
    {
        if (!isFast)
        {
            Delete("tokenizer.json");
        }

        using TextModel model = Load<TextModel>();
        TextTokenizer tokenizer = model.Tokenizer!;
        Assert.Equal([0, 9, 10, 11, 12, 13, 14, 15, 18, 2], tokenizer.Encode("The Harbour was CLOSED today."));
        Assert.Equal([0, 16, 43, 5, 2], tokenizer.Encode("a  <mask> [unknown]".Replace("[unknown]", "zzz", StringComparison.Ordinal)));
        Assert.Equal([0, 9, 2, 2, 16, 17, 2], model.TokenizePair(new TextPair("the", "ab")).Ids);
        Assert.All(model.TokenizePair(new TextPair("the", "ab")).Types, type => Assert.Equal(0, type));
        Assert.Equal("the harbour", tokenizer.Decode([0, 9, 10, 11, 2]));
    }

    [Fact]
    public void A_vocabulary_can_be_given()
    {
        foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
        {
            Delete(file);
        }

        File.Move(PathOf("vocab.txt"), PathOf("words.txt"));
        (TextModel model, IReadOnlyList<string> warnings) = Convert<TextModel>();
        Assert.Contains("give its vocab.txt", Assert.Single(warnings), StringComparison.Ordinal);
        model.Dispose();
        model = Convert<TextModel>(options: new ConversionOptions { VocabularyPath = PathOf("words.txt") }).Model;
        Assert.Equal([0, 9, 10, 11, 2], model.Tokenizer!.Encode("The Harbour"));
        model.Dispose();
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Edit("config.json", json => json["relative_attention_num_buckets"] = 24);
        Refuse("encoder.relative_attention_bias.weight has the shape [32, 3] instead of [24, 3]");
        Edit("config.json", json => json["relative_attention_num_buckets"] = 512);
        Refuse("relative_attention_num_buckets is 512; a quarter of it must be less than 128");
        Edit("config.json", json => (json["relative_attention_num_buckets"], json["num_hidden_layers"]) = (32, 1));
        Refuse("encoder.layer.1.");
    }

    [Fact]
    public void It_is_not_exported()
    {
        string path = PathOf("model.d2v");
        CheckpointConverter.Convert(Model, path);
        using D2vFile file = D2vFile.Open(path);
        Assert.Contains("architecture mpnet are not exported to Hugging Face", Assert.Throws<InvalidDataException>(() => HuggingFaceExport.Write(PathOf("out"), file)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => FairseqExport.Write(PathOf("out.pt"), file));
    }
}
