using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Parameters;
using Data2Vec.Text;
using Data2Vec.Training.Probing;
using Data2Vec.Training.RandomNumbers;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Tests.Probing;

public sealed class ProbeStorageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-probe-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    private static VisionConfig Vision => new()
    {
        HiddenSize = 32,
        Layers = 2,
        Heads = 2,
        FeedForwardSize = 64,
        ImageSize = 16,
        PatchSize = 4,
        HasFinalNorm = false,
        Epsilon = 1e-6f,
        Preprocessing = ImagePreprocessing.Squash(16, ImagePreprocessing.Half, ImagePreprocessing.Half),
    };

    private static TextConfig Text => new() { HiddenSize = 32, Layers = 2, Heads = 2, FeedForwardSize = 64, VocabularySize = 60, MaxTokens = 32 };

    [Theory]
    [InlineData(ElementType.F32, false)]
    [InlineData(ElementType.BF16, false)]
    [InlineData(ElementType.F32, true)]
    public void A_head_of_images_gives_the_probes_probabilities(ElementType type, bool hasHead)
    {
        VisionConfig config = hasHead ? Vision with { Labels = ["old", "older"], PoolSkipsFirstPatch = true, ClassifierEpsilon = 1e-3f } : Vision;
        CheckHead<RgbImage, float>(config, type, i =>
        {
            RandomSequence random = new RandomSource(1, 0, RandomSite.Initialization).Sequence(i);
            return (float[])[.. Enumerable.Range(0, 3 * 16 * 16).Select(_ => (float)(random.NextNormal() + (i % 3)))];
        });
    }

    [Theory]
    [InlineData(ElementType.F32, false)]
    [InlineData(ElementType.BF16, false)]
    [InlineData(ElementType.F32, true)]
    public void A_head_of_texts_gives_the_probes_probabilities(ElementType type, bool hasHead) =>
        CheckHead<string, int>(hasHead ? Text with { Labels = ["old"], HeadFunction = HeadFunction.Sigmoid } : Text, type, i =>
        {
            RandomSequence random = new RandomSource(2, 0, RandomSite.Initialization).Sequence(i);
            return (int[])[0, .. Enumerable.Range(0, 6).Select(_ => 4 + (18 * (i % 3)) + random.NextInt32(20)), 2];
        });

    [Fact]
    public void A_head_of_numbers_gives_the_probes_number()
    {
        string path = WriteModel(Text, ElementType.F32), written = Path.Combine(_folder, "regression.d2v");
        using var file = D2vFile.Open(path);
        using var model = Data2VecModel.Load<TextModel>(path);
        ReadOnlyMemory<int>[] inputs = [.. Enumerable.Range(0, 40).Select(i => (ReadOnlyMemory<int>)(int[])[0, 4 + i, 9 + i, 2])];
        ProbeHead head = ProbeHead.For(model.Config)!;
        FeatureVectors vectors = head.Apply(FeatureVectors.Join(model.EmbedPrepared(inputs, new EmbeddingOptions { Pooling = head.Pooling, Normalize = false })));
        var probe = RegressionProbe.Fit(vectors, [.. Enumerable.Range(0, 40).Select(i => i * 0.1)], 0.01);
        head.Write(file, probe, "score", written);
        using var headed = Data2VecModel.Load<TextModel>(written);
        LabelProbability[][] outputs = headed.ClassifyPrepared(inputs);
        for (int i = 0; i < inputs.Length; i++)
        {
            Assert.Equal("score", Assert.Single(outputs[i]).Label);
            Assert.Equal(probe.Predict(vectors[i]), outputs[i][0].Probability, 2e-5);
        }
    }

    [Fact]
    public void Probes_of_classes_survive_their_files()
    {
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(60, 5, 3, 3);
        var probe = ClassificationProbe.Fit(vectors, labels, ["ä", "b\"", "c", "none"], 0.1);
        string path = Path.Combine(_folder, "probe.json");
        ProbeFile.Write(path, probe, new JsonObject { ["pooling"] = "mean" });
        ClassificationProbe read = ProbeFile.ReadClassification(path);
        Assert.Equal(probe.Labels, read.Labels);
        Assert.Equal(probe.Penalty, read.Penalty);
        Assert.True(probe.Weights.SequenceEqual(read.Weights) && probe.Biases.SequenceEqual(read.Biases));
        Assert.Contains("\"pooling\": \"mean\"", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Contains("a probe of classes, not of numbers", Assert.Throws<InvalidDataException>(() => ProbeFile.ReadRegression(path)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ProbeFile.Write(Path.Combine(_folder, "probe.npy"), probe));
    }

    [Fact]
    public void Probes_of_numbers_survive_their_files_and_damaged_files_are_named()
    {
        var probe = RegressionProbe.Fit(FeatureVectors.Join([[1, 2], [3, 5], [8, 1]]), [1, 2, 3], 0.1);
        string path = Path.Combine(_folder, "probe.json");
        ProbeFile.Write(path, probe);
        RegressionProbe read = ProbeFile.ReadRegression(path);
        Assert.True(probe.Weights.SequenceEqual(read.Weights));
        Assert.Equal(probe.Bias, read.Bias);
        Assert.Throws<InvalidDataException>(() => ProbeFile.ReadClassification(path));

        string json = File.ReadAllText(path);
        foreach (string damaged in new[] { "", "[]", "{}", json.Replace("\"features\": 2", "\"features\": 2147483647"), json.Replace("data2vec-probe", "other"), json.Replace("null", "[]") })
        {
            File.WriteAllText(path, damaged);
            Assert.StartsWith(_folder, Assert.Throws<InvalidDataException>(() => ProbeFile.ReadRegression(path)).Message, StringComparison.Ordinal);
            Assert.Throws<InvalidDataException>(() => ProbeFile.ReadClassification(path));
        }
    }

    [Fact]
    public void Models_without_such_a_head_have_none_and_probes_of_another_size_are_refused()
    {
        Assert.Null(ProbeHead.For(new AudioConfig { HiddenSize = 8, Heads = 1, FeedForwardSize = 8, FeatureExtractor = [], PositionalConvolution = [], Normalize = false }));
        using var file = D2vFile.Open(WriteModel(Text, ElementType.F32));
        (FeatureVectors vectors, int[] labels) = ProbingFixtures.Clusters(20, 5, 2, 3);
        var probe = ClassificationProbe.Fit(vectors, labels, ["a", "b"], 1);
        Assert.Throws<ArgumentException>(() => ProbeHead.For(Text)!.Write(file, probe, Path.Combine(_folder, "x.d2v")));
        Assert.Throws<ArgumentException>(() => ProbeHead.For(Text)!.Apply(vectors));
        Assert.False(File.Exists(Path.Combine(_folder, "x.d2v")));
    }

    private void CheckHead<TInput, TElement>(ModelConfig config, ElementType type, Func<int, TElement[]> input)
        where TElement : unmanaged
    {
        string path = WriteModel(config, type), written = Path.Combine(_folder, "headed.d2v");
        ReadOnlyMemory<TElement>[] inputs = [.. Enumerable.Range(0, 60).Select(i => (ReadOnlyMemory<TElement>)input(i))];
        int[] labels = [.. Enumerable.Range(0, 60).Select(i => i % 3)];
        using var file = D2vFile.Open(path);
        using var model = Data2VecModel.Load<ClassifierModel<TInput, TElement>>(path);
        ProbeHead head = ProbeHead.For(model.Config)!;
        FeatureVectors vectors = head.Apply(FeatureVectors.Join(model.EmbedPrepared(inputs, new EmbeddingOptions { Pooling = head.Pooling, Normalize = false })));
        var probe = ClassificationProbe.Fit(vectors, labels, ["a", "b", "c"], 0.003);
        head.Write(file, probe, written);
        using var headed = Data2VecModel.Load<ClassifierModel<TInput, TElement>>(written);
        Assert.Equal(["a", "b", "c"], headed.Labels);
        LabelProbability[][] outputs = headed.ClassifyPrepared(inputs);
        int right = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            double[] scores = [.. probe.Scores(vectors[i]).Select(score => Math.Exp(score))];
            foreach (LabelProbability output in outputs[i])
            {
                Assert.Equal(scores["abc".IndexOf(output.Label, StringComparison.Ordinal)] / scores.Sum(), output.Probability, 2e-5);
            }

            right += outputs[i][0].Label == $"{"abc"[labels[i]]}" ? 1 : 0;
        }

        Assert.InRange(right, 45, 60); // otherwise the comparison would say little
    }

    private string WriteModel(ModelConfig config, ElementType type)
    {
        IReadOnlyList<Parameter> parameters = config.ListParameters();
        string path = Path.Combine(_folder, "model.d2v");
        var contents = new D2vContents
        {
            Architecture = config.Architecture,
            Config = config.ToJson(),
            Provenance = new JsonObject { ["id"] = "a/b" },
            Tensors = [.. parameters.Select(parameter => parameter.Declare(type))],
        };
        using var writer = D2vWriter.Create(path, contents);
        foreach (Parameter parameter in parameters)
        {
            writer.Write(parameter.Name, (start, destination) =>
            {
                parameter.Initial.Fill(parameter, 5, start, destination);
                foreach (ref float value in destination)
                {
                    value *= parameter.Role is ParameterRole.Norm or ParameterRole.Bias ? 1 : 10; // so that the outputs depend on the inputs
                }
            });
        }

        writer.Complete();
        return path;
    }
}
