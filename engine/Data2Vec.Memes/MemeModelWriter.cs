using System.Text.Json.Nodes;
using Data2Vec.Kernels;

namespace Data2Vec.Memes;

/// <summary>The inputs of a meme model: the paper's three configurations.</summary>
public enum MemeInputs
{
    /// <summary>Image and text, the paper's "Multimodal".</summary>
    Both,

    /// <summary>The image only.</summary>
    Image,

    /// <summary>The text only.</summary>
    Text,
}

/// <summary>Writes encoders and a network into one model file.</summary>
public static class MemeModelWriter
{
    /// <summary>Writes a model file.</summary>
    /// <param name="path">The file. It appears, or replaces an existing file, when it is complete.</param>
    /// <param name="encoders">The encoders. Only those used by <paramref name="inputs"/> are written.</param>
    /// <param name="inputs">The inputs that the network was trained on.</param>
    /// <param name="result">The result of training.</param>
    /// <param name="provenance">The origin of the model.</param>
    /// <exception cref="ArgumentException">The network's input size is not the encoders' number of features.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, MemeEncoders encoders, MemeInputs inputs, TrainingResult result, JsonObject? provenance = null)
    {
        ArgumentNullException.ThrowIfNull(encoders);
        ArgumentNullException.ThrowIfNull(result);
        FusionNetwork network = result.Network;
        D2vFile? image = inputs == MemeInputs.Text ? null : encoders.ImageFile, text = inputs == MemeInputs.Image ? null : encoders.TextFile;
        if (network.InputSize != (image is null ? 0 : encoders.ImageSize) + (text is null ? 0 : encoders.TextSize))
        {
            throw new ArgumentException($"The network takes {network.InputSize} features; the encoders give another number.", nameof(result));
        }

        var assets = new Dictionary<string, ReadOnlyMemory<byte>>();
        var tensors = new List<(TensorDeclaration Declaration, Action<TensorSink> Write)>();
        AddPart(MemeConfig.ImagePart, image);
        AddPart(MemeConfig.TextPart, text);
        for (int i = 0; i < network.Layers.Length; i++)
        {
            LinearLayer layer = network.Layers[i];
            tensors.Add((new TensorDeclaration(FusionNetwork.WeightName(i), ElementType.F32, [layer.Outputs, layer.Inputs]), sink => sink.Write(layer.Weight)));
            tensors.Add((new TensorDeclaration(FusionNetwork.BiasName(i), ElementType.F32, [layer.Outputs]), sink => sink.Write(layer.Bias)));
        }

        var config = new MemeConfig
        {
            Image = Describe(image),
            Text = Describe(text),
            MaxTextTokens = encoders.MaxTextTokens,
            Classifier = new ClassifierDescription(network.HiddenSize, result.Calibration),
        };
        using D2vWriter writer = D2vWriter.Create(path, new D2vContents
        {
            Architecture = MemeConfig.Architecture,
            Config = config.ToJson(),
            Provenance = provenance ?? [],
            Tensors = [.. tensors.Select(tensor => tensor.Declaration)],
            Assets = assets,
        });
        foreach ((TensorDeclaration declaration, Action<TensorSink> write) in tensors)
        {
            writer.Write(declaration.Name, write);
        }

        writer.Complete();

        void AddPart(string name, D2vFile? file)
        {
            foreach (TensorInfo tensor in file?.Tensors.Values.OrderBy(tensor => tensor.Offset) ?? Enumerable.Empty<TensorInfo>())
            {
                tensors.Add((new TensorDeclaration($"{name}.{tensor.Name}", tensor.Type, tensor.Shape, tensor.Layout, tensor.Groups), sink => sink.WriteAll(file!.Pointer(tensor))));
            }

            foreach (string asset in file?.Assets.Keys ?? [])
            {
                assets[$"{name}.{asset}"] = file!.Asset(asset).ToArray();
            }
        }
    }

    private static EncoderDescription? Describe(D2vFile? file) =>
        file is null ? null : new EncoderDescription(file.Architecture, JsonObject.Create(file.Config)!);
}
