using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Fairseq;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Memes;
using Data2Vec.Vision.Images;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>BERT, and the system of "Hate Speech in Pixels" that has it in it, from checkpoints to PyTorch's activations.</summary>
public sealed class BertParityTests : ParityTests
{
    private const int Hidden = 64;
    private static readonly EmbeddingOptions s_rows = new() { Pooling = Pooling.None };
    private readonly JsonNode _expected;
    private readonly int[] _ids;
    private readonly string _text;

    public BertParityTests()
        : base("bert")
    {
        _expected = JsonNode.Parse(File.ReadAllBytes(Fixture("expected.json")))!;
        _ids = [.. _expected["ids"]!.AsArray().Select(id => (int)id!)];
        _text = (string)_expected["text"]!;
    }

    [Theory, MemberData(nameof(Levels))]
    public void Every_layer_of_Hugging_Faces_layout_is_PyTorchs(string level)
    {
        using TextModel model = Load<TextModel>("hf", new CpuBackend(2, Enum.Parse<CpuLevel>(level)));
        Close("layers.npy", [.. model.EmbedPreparedLayers(_ids, s_rows).SelectMany(layer => layer)]);
        Close("layers.npy", [.. model.EmbedLayers(_text, s_rows).SelectMany(layer => layer)]);
    }

    [Fact]
    public void A_text_is_the_mean_of_all_its_rows()
    {
        using TextModel model = Load<TextModel>("hf");
        float[] last = Read("layers.npy").Floats()[^(_ids.Length * Hidden)..], mean = new float[Hidden];
        foreach (float[] row in last.Chunk(Hidden))
        {
            TensorPrimitives.Add(mean, row, mean);
        }

        TensorPrimitives.Divide(mean, _ids.Length, mean);
        Close(mean, model.Embed(_text), "mean");
        Assert.Equal((24, 0, "bert", 540), (model.Config.MaxTokens, model.Config.FirstPosition, model.Architecture, model.Tokenizer!.VocabularySize));
        Assert.Contains("padding", Assert.Throws<InvalidDataException>(() => model.EmbedPrepared([new[] { 3, 0, 4 }])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_classification_head_is_PyTorchs()
    {
        using TextModel model = Load<TextModel>("hf");
        Dictionary<string, float> actual = model.Classify([_text])[0].ToDictionary(label => label.Label, label => label.Probability);
        Close([.. _expected["probabilities"]!.AsArray().Select(value => (float)value!)], [actual["no"], actual["perhaps"], actual["yes"]], "probabilities");
    }

    [Fact]
    public void A_checkpoint_of_2019_has_heads_of_64_and_takes_the_vocabulary_that_it_is_given()
    {
        using TextModel model = Load<TextModel>("bert_2019.bin", options: new ConversionOptions { VocabularyPath = Fixture("hf/vocab.txt") });
        Close("layers_2019.npy", [.. model.EmbedLayers(_text, s_rows).SelectMany(layer => layer)]);
        Assert.Equal(1, model.Config.Heads);
        Assert.Null(model.Labels);
        using TextModel without = Load<TextModel>("bert_2019.bin");
        Assert.Null(without.Tokenizer);
        Close("layers_2019.npy", [.. without.EmbedPreparedLayers(_ids, s_rows).SelectMany(layer => layer)]);
        Assert.Contains("vocab.txt", Assert.Throws<InvalidOperationException>(() => without.Embed("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_without_capitals_is_an_uncased_models()
    {
        string lower = Path.Combine(Folder, "lower.txt");
        File.WriteAllLines(lower, File.ReadLines(Fixture("hf/vocab.txt")).Where(piece => piece.StartsWith('[') || !piece.Any(char.IsUpper)).Append("ℝ"));
        using TextModel cased = Load<TextModel>("bert_2019.bin", options: new ConversionOptions { VocabularyPath = Fixture("hf/vocab.txt") });
        Assert.False(cased.Config.WordPieces!.Lowercase);
        using TextModel uncased = Load<TextModel>("bert_2019.bin", options: new ConversionOptions { VocabularyPath = lower });
        Assert.True(uncased.Config.WordPieces is { Lowercase: true, StripAccents: true });
        Assert.Equal(uncased.Tokenizer!.Encode("the nino people"), uncased.Tokenizer.Encode("The NIÑO People"));
    }

    [Theory, InlineData(ElementType.F16, 0.9995), InlineData(ElementType.BF16, 0.9995), InlineData(ElementType.I8, 0.995)]
    public void Smaller_number_formats_give_nearly_the_same_vectors(ElementType type, double cosine)
    {
        using TextModel full = Load<TextModel>("hf");
        float[] expected = full.Embed(_text);
        using TextModel model = Load<TextModel>("hf", options: new ConversionOptions { Type = type });
        Assert.InRange(TensorPrimitives.CosineSimilarity<float>(expected, model.Embed(_text)), cosine, 1.00001);
    }

    [Theory]
    [InlineData("bert_2019.bin", "encoder.json")]
    [InlineData("hf", "encoder.json")]
    public void Files_of_other_tokenizers_are_refused(string checkpoint, string name) => Assert.Contains(
        name, Assert.Throws<InvalidDataException>(() => Convert(checkpoint, new ConversionOptions { BytePairFiles = ("a", "b") })).Message, StringComparison.Ordinal);

    [Theory, InlineData(ElementType.F32), InlineData(ElementType.BF16), InlineData(ElementType.I8)]
    public void The_system_of_the_paper_scores_as_PyTorch_does(ElementType type)
    {
        string file = Convert("multimodal_HS.pt", new ConversionOptions { VocabularyPath = Fixture("hf/vocab.txt"), Type = type });
        using MemeClassifier memes = MemeClassifier.Load(file);
        const int Size = 64;
        byte[] pixels = new byte[Size * Size * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((i / 3 / Size * 7) + (i / 3 % Size * 13) + (i % 3 * 50));
        }

        float[] actual =
        [
            memes.Score(new RgbImage(Size, Size, pixels), _text).Score, memes.Score(new RgbImage(Size, Size, new byte[Size * Size * 3]), "").Score,
        ];
        float[] expected = [(float)_expected["score"]!, (float)_expected["score_of_black_and_nothing"]!];
        double bound = type switch { ElementType.F32 => 1e-4, ElementType.BF16 => 0.02, _ => 0.05 };
        Assert.All(expected.Zip(actual), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, bound));
        Assert.Equal((48, 10), (memes.Config.MaxTextTokens, memes.Config.Classifier.HiddenSize));
    }

    [Fact]
    public void A_system_is_not_converted_without_its_vocabulary() =>
        Assert.Contains("vocab.txt", Assert.Throws<InvalidDataException>(() => Convert("multimodal_HS.pt")).Message, StringComparison.Ordinal);
}
