using Data2Vec.Architectures;
using Data2Vec.Converters.Layouts;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Torchvision;

/// <summary>
/// torchvision's VGG networks without batch normalization (<c>vgg16-*.pth</c> and its like), as a plain <c>state_dict</c>. Their structure is
/// told by the weights. The last layer, which tells ImageNet's classes apart, is left out.
/// </summary>
internal static class VggModel
{
    private const string Name = "vgg";
    private const int ImageNetSize = 224, ImageNetResize = 256;

    /// <summary>Whether weights are those of such a network.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="prefix">What stands before all names.</param>
    public static bool IsOne(Weights weights, string prefix = "") =>
        weights.Contains($"{prefix}features.0.weight") && weights.Contains($"{prefix}classifier.0.weight");

    /// <summary>Reads the structure of a model.</summary>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel Read(Weights weights, ConversionOptions options)
    {
        options.RefuseForImages();
        options.RefuseLabels();
        VggConfig config = ReadConfig(weights, ImageNet);
        return new SourceModel
        {
            Architecture = ModelArchitecture.Vgg,
            Format = "torchvision",
            Name = Name,
            Description = $"VGG network of {config.Blocks.Sum(block => block.Count)} convolutions and two fully connected layers (torchvision's layout)",
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Weights = weights,
            Names = Names(config),
            LeftOut = ["classifier.6."],
        };
    }

    /// <summary>The structure that the weights tell.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="preprocessing">How an image becomes pixels, for a size of image.</param>
    /// <param name="prefix">What stands before all names.</param>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static VggConfig ReadConfig(Weights weights, Func<int, ImagePreprocessing> preprocessing, string prefix = "")
    {
        if (!IsOne(weights, prefix))
        {
            throw new InvalidDataException($"there is no VGG network: {prefix}features.0.weight or {prefix}classifier.0.weight is missing");
        }

        if (weights.Contains($"{prefix}features.1.weight"))
        {
            throw new InvalidDataException("a VGG network with batch normalization is not supported; one without it is");
        }

        string first = $"{prefix}classifier.0.weight", second = $"{prefix}classifier.3.weight";
        List<int[]> blocks = [.. Blocks(weights, prefix).Select(convolutions => convolutions.Select(
            index => weights.RequireSize($"{prefix}features.{index}.weight", 4, 0, Limits.Size)).ToArray())];
        int inputs = weights.RequireSize(first, 2, 1, int.MaxValue), channels = blocks[^1][^1];
        int grid = (int)Math.Sqrt(inputs / channels);
        long size = (long)grid << blocks.Count;
        if ((long)grid * grid * channels != inputs || blocks.Count > 12 || Resized(size) > ImagePreprocessing.MaxSize)
        {
            throw new InvalidDataException($"{first} takes {inputs} numbers, which are not the {channels} channels of a square of pixels that {blocks.Count} blocks of convolutions leave");
        }

        return new VggConfig
        {
            Preprocessing = preprocessing((int)size),
            ImageSize = (int)size,
            Blocks = blocks,
            IntermediateSize = weights.RequireSize(first, 2, 0, Limits.Size),
            HiddenSize = weights.RequireSize(second, 2, 0, Limits.Size),
        };
    }

    /// <summary>What torchvision calls the tensors of a model file.</summary>
    /// <param name="config">The structure.</param>
    /// <param name="prefix">What stands before all names.</param>
    public static TensorNames Names(VggConfig config, string prefix = "")
    {
        var names = new TensorNames(prefix) { { "fc6", "classifier.0" }, { "fc7", "classifier.3" } };
        int index = 0;
        for (int block = 0; block < config.Blocks.Count; block++, index++)
        {
            for (int i = 0; i < config.Blocks[block].Count; i++, index += 2)
            {
                names.Add($"blocks.{block}.{i}", $"features.{index}");
            }
        }

        return names;
    }

    /// <summary>torchvision's preprocessing: bilinear, as its published weights have it.</summary>
    private static ImagePreprocessing ImageNet(int size) => new(
        ResizeMode.ShorterSide, (int)Resized(size), size, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation, Interpolation.Bilinear);

    private static long Resized(long size) => size * ImageNetResize / ImageNetSize;

    /// <summary>The numbers of each block's convolutions: an activation follows each, and pooling each block.</summary>
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
