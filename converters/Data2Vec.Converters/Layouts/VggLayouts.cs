using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// torchvision's VGG networks without batch normalization (<c>vgg16-*.pth</c> and similar), whose structure the weights tell. The last
/// layer, which scores ImageNet's classes, is left out.
/// </summary>
internal static class VggLayouts
{
    private static readonly LayoutTable s_names = new("""
        model file           | torchvision
        fc6.weight : a *     | classifier.0.weight
        fc6.bias             | classifier.0.bias
        fc7                  | classifier.3
        - ImageNet's classes | classifier.6.
        """);

    /// <summary>All of them.</summary>
    public static IEnumerable<Layout> All => [new("torchvision", "vgg", "VGG network", Read) { Recognizes = checkpoint => IsVgg(checkpoint.Weights, "") }];

    /// <summary>Whether weights are those of such a network.</summary>
    public static bool IsVgg(Weights weights, string prefix) =>
        weights.Contains($"{prefix}features.0.weight") && weights.Contains($"{prefix}classifier.0.weight");

    /// <summary>The structure that the weights tell.</summary>
    /// <exception cref="InvalidDataException">It is not supported.</exception>
    public static VggConfig Config(Weights weights, Func<int, ImagePreprocessing> preprocessing, string prefix)
    {
        InvalidData.ThrowIf(weights.Contains($"{prefix}features.1.weight"), "a VGG network with batch normalization is not supported; one without it is");
        string first = $"{prefix}classifier.0.weight", second = $"{prefix}classifier.3.weight";
        List<int[]> blocks = [.. Blocks(weights, prefix).Select(convolutions => convolutions.Select(
            index => weights.RequireSize($"{prefix}features.{index}.weight", 4, 0, Limits.Size)).ToArray())];
        int inputs = weights.RequireSize(first, 2, 1, int.MaxValue), channels = blocks[^1][^1];
        int grid = (int)Math.Sqrt(inputs / channels);
        long size = (long)grid << blocks.Count;
        InvalidData.ThrowIf(
            (long)grid * grid * channels != inputs || blocks.Count > 12 || Resized(size) > ImagePreprocessing.MaxSize,
            $"{first} takes {inputs} numbers, which is not the {channels} channels of a square of pixels that {blocks.Count} blocks of convolutions leave");

        return new VggConfig
        {
            Preprocessing = preprocessing((int)size),
            ImageSize = (int)size,
            Blocks = blocks,
            IntermediateSize = weights.RequireSize(first, 2, 0, Limits.Size),
            HiddenSize = weights.RequireSize(second, 2, 0, Limits.Size),
        };
    }

    /// <summary>torchvision's names: an activation follows each convolution, and pooling each block, and both have numbers.</summary>
    public static TensorNames Names(VggConfig config, string prefix)
    {
        var names = new TensorNames(s_names, "torchvision", prefix);
        int index = 0;
        for (int block = 0; block < config.Blocks.Count; block++, index++)
        {
            for (int i = 0; i < config.Blocks[block].Count; i++, index += 2)
            {
                names.Add($"blocks.{block}.{i}", $"{prefix}features.{index}");
            }
        }

        return names;
    }

    private static SourceModel Read(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForImages();
        given.RefuseLabels();
        VggConfig config = Config(checkpoint.Weights, ImageNet, "");
        string description = $"{layout.Title} of {config.Blocks.Sum(block => block.Count)} convolutions and two fully connected layers (torchvision's layout)";
        return SourceModel.Create(layout, checkpoint, config, Names(config, ""), description);
    }

    /// <summary>The preprocessing of torchvision's published weights, which is bilinear.</summary>
    private static ImagePreprocessing ImageNet(int size) => new(
        ResizeMode.ShorterSide,
        (int)Resized(size),
        size,
        ImagePreprocessing.ImageNetMean,
        ImagePreprocessing.ImageNetStandardDeviation,
        Interpolation.Bilinear);

    private static long Resized(long size) => size * 256 / 224;

    /// <summary>The indices of each block's convolutions.</summary>
    private static IEnumerable<List<int>> Blocks(Weights weights, string prefix)
    {
        for (int index = 0; weights.Contains($"{prefix}features.{index}.weight"); index++)
        {
            List<int> block = [];
            for (; weights.Contains($"{prefix}features.{index}.weight"); index += 2)
            {
                block.Add(index);
            }

            yield return block;
        }
    }
}
