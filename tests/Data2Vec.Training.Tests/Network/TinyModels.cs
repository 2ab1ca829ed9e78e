using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Parameters;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Tests.Network;

/// <summary>Models of every structure with a few thousand parameters, none of which is at a special value.</summary>
internal static class TinyModels
{
    private const int Hidden = 16, Heads = 2, FeedForward = 24;

    public static AudioConfig Speech(string architecture = ModelArchitecture.Data2VecAudio, IReadOnlyList<string>? labels = null) => new()
    {
        Architecture = architecture,
        HiddenSize = Hidden,
        Layers = 2,
        Heads = Heads,
        FeedForwardSize = FeedForward,
        FeatureExtractor = [new Conv1dShape(1, 8, 4, 3), new Conv1dShape(8, 12, 3, 2)],
        PositionalConvolution = [.. Enumerable.Repeat(new Conv1dShape(Hidden, Hidden, 5, 1, 2, 4), 2)],
        Normalize = true,
        Labels = labels,
    };

    public static TextConfig Text(string architecture = ModelArchitecture.Data2VecText, IReadOnlyList<string>? labels = null) => new()
    {
        Architecture = architecture,
        VocabularySize = 20,
        MaxTokens = 12,
        HiddenSize = Hidden,
        Layers = 2,
        Heads = Heads,
        FeedForwardSize = FeedForward,
        Labels = labels,
    };

    public static VisionConfig Vision(string architecture = ModelArchitecture.Data2VecVision, IReadOnlyList<string>? labels = null, int layers = 2) => new()
    {
        Architecture = architecture,
        Preprocessing = ImagePreprocessing.Squash(8, ImagePreprocessing.Half, ImagePreprocessing.Half),
        ImageSize = 8,
        PatchSize = 4,
        HiddenSize = Hidden,
        Layers = layers,
        Heads = Heads,
        FeedForwardSize = FeedForward,
        HasFinalNorm = architecture == ModelArchitecture.Data2VecVision,
        Labels = labels,
    };

    /// <summary>Values around those that trained models have.</summary>
    public static float[] Values(Parameter parameter)
    {
        float[] values = Numbers(parameter.Name, (int)parameter.Count);
        bool isGain = parameter.Name.EndsWith("_scale", StringComparison.Ordinal)
            || (parameter.Role == ParameterRole.Norm && parameter.Name.EndsWith("weight", StringComparison.Ordinal));
        float spread = parameter.Role switch
        {
            ParameterRole.Product or ParameterRole.Convolution => MathF.Sqrt((float)parameter.Shape[0] / parameter.Count),
            ParameterRole.Table => 0.7f,
            ParameterRole.Constant => 0.5f,
            _ => 0.3f,
        };
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = spread * values[i] + (isGain ? 1 : 0);
        }

        return values;
    }

    /// <summary>The values of a model without some of its optional parameters.</summary>
    public static Func<Parameter, float[]?> Without(params string[] parts) =>
        parameter => parts.Any(part => parameter.Name.Contains(part, StringComparison.Ordinal)) ? null : Values(parameter);

    /// <summary>Recordings and images: numbers of a normal distribution.</summary>
    public static ReadOnlyMemory<float>[] Floats(params int[] lengths) => [.. lengths.Select((length, i) => (ReadOnlyMemory<float>)Numbers($"input {i}", length))];

    public static ReadOnlyMemory<int>[] Tokens(params int[] lengths) =>
        [.. lengths.Select((length, i) => (ReadOnlyMemory<int>)Enumerable.Range(0, length).Select(j => 4 + (7 * i + 3 * j * j + j) % 16).ToArray())];

    /// <summary>The numbers of a normal distribution that a name stands for.</summary>
    public static float[] Numbers(string name, int count)
    {
        var parameter = new Parameter(name, [count], ParameterRole.Constant);
        var values = new float[count];
        InitialValue.Normal(1).Fill(parameter, 7, 0, values);
        return values;
    }
}
