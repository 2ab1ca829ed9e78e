using System.Globalization;
using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Vision;

namespace Data2Vec.Converters.Exports;

/// <summary>The options of another layout for a model, by the table that they are read by.</summary>
internal static class OptionValues
{
    private const string MustBe = "must be ";

    /// <summary>The options: each with its groups in front, the last after full stops or slashes.</summary>
    /// <param name="options">A column of a table of options.</param>
    /// <param name="config">The model.</param>
    public static IEnumerable<(string Place, object? Value)> Of(IEnumerable<(string Row, string[] Names)> options, ModelConfig config)
    {
        foreach ((string row, string[] cells) in options)
        {
            foreach (string cell in cells)
            {
                string place = cell.Split('=', 2, StringSplitOptions.TrimEntries)[0];
                if (place.Length > 0)
                {
                    yield return (place, row.StartsWith(MustBe, StringComparison.Ordinal) ? Parse(row[MustBe.Length..].Split(" or ")[0]) : Value(row, config));
                }
            }
        }
    }

    private static object? Value(string row, ModelConfig config) => (row, config) switch
    {
        ("hidden_size", _) => config.HiddenSize,
        ("layers", _) => config.Layers,
        ("heads", TransformerConfig transformer) => transformer.Heads,
        ("feed_forward_size", TransformerConfig transformer) => transformer.FeedForwardSize,
        ("feed_forward_ratio", TransformerConfig transformer) => transformer.FeedForwardSize / transformer.HiddenSize,
        ("epsilon", TransformerConfig transformer) => Rounded(transformer.Epsilon),
        ("convolutions", AudioConfig audio) => $"[{string.Join(", ", audio.FeatureExtractor.Select(conv => $"({conv.OutputChannels}, {conv.Kernel}, {conv.Stride})"))}]",
        ("channels", AudioConfig audio) => Numbers(audio.FeatureExtractor.Select(conv => conv.OutputChannels)),
        ("kernels", AudioConfig audio) => Numbers(audio.FeatureExtractor.Select(conv => conv.Kernel)),
        ("strides", AudioConfig audio) => Numbers(audio.FeatureExtractor.Select(conv => conv.Stride)),
        ("extractor_norm", AudioConfig) => "layer_norm",
        ("extractor_bias" or "normalizes_first" or "position_batch_norm", AudioConfig) => false,
        ("position_layers", AudioConfig audio) => audio.PositionalConvolution.Count,
        ("position_width", AudioConfig audio) => audio.PositionalConvolution[0].Kernel * audio.PositionalConvolution.Count,
        ("position_kernel", AudioConfig audio) => audio.PositionalConvolution[0].Kernel,
        ("position_groups", AudioConfig audio) => audio.PositionalConvolution[0].Groups,
        ("normalize", AudioConfig audio) => audio.Normalize,
        ("sample_rate", AudioConfig audio) => audio.SampleRate,
        ("max_tokens", TextConfig text) => text.MaxTokens,
        ("vocabulary_size", TextConfig text) => text.VocabularySize,
        ("image_size", VisionConfig vision) => vision.ImageSize,
        ("patch_size", VisionConfig vision) => vision.PatchSize,
        ("mean_pooling", VisionConfig vision) => !vision.HasFinalNorm,
        _ => throw new InvalidOperationException($"The option '{row}' has no value in {config.Architecture}."),
    };

    /// <summary>The double that a person would write for a float: 1e-5, not 9.99999974737875E-06.</summary>
    internal static double Rounded(float value) => double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static PickleList Numbers(IEnumerable<int> numbers)
    {
        var list = new PickleList();
        foreach (int number in numbers)
        {
            list.Add((long)number);
        }

        return list;
    }

    private static object? Parse(string text) =>
        text == "''" ? "" : bool.TryParse(text, out bool flag) ? flag : long.TryParse(text, CultureInfo.InvariantCulture, out long number) ? number : text;
}
