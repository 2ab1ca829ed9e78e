using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Parameters;
using Data2Vec.Tests.ModelFile;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Tests.Models;

/// <summary>
/// Models like trained ones in that a few features of their hidden states are tens of times larger than the rest: smaller number formats must keep the other
/// features as well.
/// </summary>
public sealed class OutlierTests
{
    private const int Outliers = 6;

    private static readonly ModelConfig[] s_configs =
    [
        new AudioConfig
        {
            FeatureExtractor = [new Conv1dShape(1, 64, 10, 5), new Conv1dShape(64, 64, 3, 2)],
            PositionalConvolution = [new Conv1dShape(192, 192, 5, 1, 2, 4)],
            HiddenSize = 192, Layers = 4, Heads = 3, FeedForwardSize = 768, Normalize = true,
        },
        new TextConfig { VocabularySize = 200, MaxTokens = 64, HiddenSize = 192, Layers = 4, Heads = 3, FeedForwardSize = 768 },
        new VisionConfig
        {
            Preprocessing = ImagePreprocessing.Squash(32, ImagePreprocessing.Half, ImagePreprocessing.Half),
            ImageSize = 32, PatchSize = 4, HiddenSize = 192, Layers = 4, Heads = 3, FeedForwardSize = 768, HasFinalNorm = true,
        },
    ];

    public static TheoryData<int, ElementType> Cases => new MatrixTheoryData<int, ElementType>([0, 1, 2], [ElementType.BF16, ElementType.I8]);

    [Theory, MemberData(nameof(Cases))]
    public void Embeddings_and_their_rows_stay_close_to_f32(int index, ElementType type)
    {
        using var folder = new TemporaryFolder();
        using Data2VecModel exact = Write(folder.File("f32.d2v"), s_configs[index], ElementType.F32);
        using Data2VecModel other = Write(folder.File("other.d2v"), s_configs[index], type);
        // Weights of i8 alone bring one row of the text model to 0.97999.
        (double leastPooled, double leastRow) = (type == ElementType.I8 ? 0.995 : 0.9995, type == ElementType.I8 && index == 1 ? 0.979 : 0.98);
        for (int seed = 0; seed < 3; seed++)
        {
            Assert.InRange(Cosine(Embed(exact, seed, Pooling.Mean), Embed(other, seed, Pooling.Mean)), leastPooled, 1.0001);
            float[][] rows = [.. Embed(exact, seed, Pooling.None).Chunk(exact.HiddenSize)], others = [.. Embed(other, seed, Pooling.None).Chunk(exact.HiddenSize)];
            Assert.True(rows.Length > 20);
            Assert.All(rows.Zip(others), pair => Assert.InRange(Cosine(pair.First, pair.Second), leastRow, 1.0001));
        }
    }

    private static double Cosine(float[] a, float[] b) => TensorPrimitives.CosineSimilarity<float>(a, b);

    private static float[] Embed(Data2VecModel model, int seed, Pooling pooling)
    {
        var random = new Random(seed);
        var options = new EmbeddingOptions { Pooling = pooling };
        return model switch
        {
            SpeechModel speech => speech.EmbedPrepared(Numbers(3000), options),
            TextModel text => text.EmbedPrepared(Enumerable.Range(0, 40).Select(_ => random.Next(4, 200)).ToArray(), options),
            VisionModel vision => vision.EmbedPrepared(Numbers(vision.Preprocessing.OutputLength), options),
            _ => throw new NotSupportedException(),
        };

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }

    private static Data2VecModel Write(string path, ModelConfig config, ElementType type)
    {
        Parameter[] parameters = [.. config.ListParameters()];
        using (D2vWriter writer = D2vWriter.Create(path, new D2vContents
        {
            Architecture = config.Architecture,
            Config = config.ToJson(),
            Tensors = [.. parameters.Select(parameter => parameter.Declare(type))],
        }))
        {
            foreach (Parameter parameter in parameters)
            {
                float[] values = new float[parameter.Count];
                parameter.Initial.Fill(parameter, 1, 0, values);
                if (parameter.Name.EndsWith("_scale", StringComparison.Ordinal))
                {
                    // Training starts from layer scales that leave the layers no effect.
                    values.AsSpan().Fill(0.1f);
                }
                else if (parameter.Name.EndsWith("norm.weight", StringComparison.Ordinal) && values.Length == config.HiddenSize)
                {
                    var random = new Random(parameter.Name.Length);
                    for (int i = 0; i < Outliers; i++)
                    {
                        values[7 + 31 * i] *= 6 + 24 * random.NextSingle();
                    }
                }

                writer.Write(parameter.Name, (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination));
            }

            writer.Complete();
        }

        return Data2VecModel.Load(path);
    }
}
