using System.Text.Json.Nodes;
using Data2Vec.Kernels;
using Data2Vec.Memes.Fusion;
using Data2Vec.ModelFile;

namespace Data2Vec.Memes;

/// <summary>Puts encoders and a network into one model file.</summary>
public static class MemeModelWriter
{
    private const int BytesAtOnce = 1 << 24;

    /// <summary>Writes a model file.</summary>
    /// <param name="path">The file; it appears, or replaces what is there, when all of it is written.</param>
    /// <param name="encoders">The encoders; of these the file has the ones that <paramref name="inputs"/> says.</param>
    /// <param name="inputs">What the network was trained on.</param>
    /// <param name="result">What training gave.</param>
    /// <param name="provenance">Where the model comes from.</param>
    /// <exception cref="ArgumentException">The network takes other features than the encoders give.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, MemeEncoders encoders, MemeInputs inputs, TrainingResult result, JsonObject? provenance = null)
    {
        ArgumentNullException.ThrowIfNull(encoders);
        ArgumentNullException.ThrowIfNull(result);
        FusionNetwork network = result.Network;
        D2vFile? image = inputs == MemeInputs.Text ? null : encoders.ImageFile, text = inputs == MemeInputs.Image ? null : encoders.TextFile;
        if (network.InputSize != (image is null ? 0 : encoders.ImageSize) + (text is null ? 0 : encoders.TextSize))
        {
            throw new ArgumentException($"The network takes {network.InputSize} features, not those of the encoders.", nameof(result));
        }

        var contents = new D2vContents
        {
            Architecture = MemeConfig.Architecture,
            Config = new MemeConfig
            {
                Image = Describe(image),
                Text = Describe(text),
                MaxTextTokens = encoders.MaxTextTokens,
                HiddenSize = network.HiddenSize,
                Calibration = result.Calibration,
            }.ToJson(),
            Provenance = provenance ?? [],
        };
        (string Name, D2vFile File)[] parts = [.. new[] { (MemeConfig.ImagePart, image), (MemeConfig.TextPart, text) }.Where(part => part.Item2 is not null).Select(part => (part.Item1, part.Item2!))];
        foreach ((string name, D2vFile file) in parts)
        {
            foreach (TensorInfo tensor in InOrder(file))
            {
                contents.Tensors.Add(new TensorDeclaration($"{name}.{tensor.Name}", tensor.Type, tensor.Shape, tensor.Layout, tensor.Groups));
            }

            foreach (string asset in file.Assets.Keys)
            {
                contents.Assets[$"{name}.{asset}"] = file.Asset(asset).ToArray();
            }
        }

        for (int i = 0; i < network.Layers.Length; i++)
        {
            contents.Tensors.Add(new TensorDeclaration($"{FusionNetwork.TensorName(i)}.weight", ElementType.F32, [network.Layers[i].Outputs, network.Layers[i].Inputs]));
            contents.Tensors.Add(new TensorDeclaration($"{FusionNetwork.TensorName(i)}.bias", ElementType.F32, [network.Layers[i].Outputs]));
        }

        using D2vWriter writer = D2vWriter.Create(path, contents);
        foreach ((string name, D2vFile file) in parts)
        {
            foreach (TensorInfo tensor in InOrder(file))
            {
                writer.Write($"{name}.{tensor.Name}", sink => Copy(file, tensor, sink));
            }
        }

        for (int i = 0; i < network.Layers.Length; i++)
        {
            LinearLayer layer = network.Layers[i];
            writer.Write($"{FusionNetwork.TensorName(i)}.weight", sink => sink.Write(layer.Weight));
            writer.Write($"{FusionNetwork.TensorName(i)}.bias", sink => sink.Write(layer.Bias));
        }

        writer.Complete();
    }

    private static IEnumerable<TensorInfo> InOrder(D2vFile file) => file.Tensors.Values.OrderBy(tensor => tensor.Offset);

    private static EncoderDescription? Describe(D2vFile? file) =>
        file is null ? null : new EncoderDescription(file.Architecture, JsonObject.Create(file.Config)!);

    private static unsafe void Copy(D2vFile file, TensorInfo tensor, TensorSink sink)
    {
        byte* data = (byte*)file.Pointer(tensor);
        for (long done = 0; done < tensor.Bytes; done += BytesAtOnce)
        {
            sink.Write(new ReadOnlySpan<byte>(data + done, (int)Math.Min(BytesAtOnce, tensor.Bytes - done)));
        }
    }
}
