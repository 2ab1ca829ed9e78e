using Data2Vec.Architectures;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.Torchvision;
using Data2Vec.Memes;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Memes;

/// <summary>
/// The checkpoint of "Hate Speech in Pixels" (Sabat et al. 2019; <c>multimodal_HS.pt</c>), a plain <c>state_dict</c>: VGG-16, BERT, and the network
/// that judges their vectors. Its structure is told by the weights; images are prepared as its code does it.
/// </summary>
internal static class MemeModel
{
    private const string ImagePrefix = "im_feat_model.", TextPrefix = "text_feat_model.";

    /// <summary>The names of the network's layers, between which activations and dropout have numbers too.</summary>
    private static readonly int[] s_layers = [0, 3, 5];

    /// <summary>Whether weights are such a system's.</summary>
    public static bool IsOne(Weights weights) => VggModel.IsOne(weights, ImagePrefix);

    /// <summary>Reads the structure of a system.</summary>
    /// <exception cref="InvalidDataException">It is of a structure that is not supported.</exception>
    public static SourceModel Read(Weights weights, ConversionOptions options)
    {
        options.RefuseLabels();
        VggConfig image = VggModel.ReadConfig(weights, ImagePreprocessing.OpenCv, ImagePrefix);
        TextConfig text = BertModel.ReadConfig(weights, TextPrefix);
        TextTokenizer tokenizer = BertModel.TokenizerOf(options, ref text)
            ?? throw new InvalidDataException("the checkpoint does not have the vocabulary of its BERT, which texts need: give its vocab.txt too");
        int inputs = image.HiddenSize + text.HiddenSize, hidden = weights.RequireSize($"classifier.{s_layers[0]}.weight", 2, 0, Limits.Size);
        var config = new MemeConfig
        {
            Image = new EncoderDescription(ModelArchitecture.Vgg, image.ToJson()),
            Text = new EncoderDescription(ModelArchitecture.Bert, text.ToJson()),
            HiddenSize = hidden,
        };

        var tensors = new TensorTable();
        var names = new TensorNames();
        AddPart(MemeConfig.ImagePart, ModelTensors.Of(image), VggModel.Names(image, ImagePrefix));
        AddPart(MemeConfig.TextPart, ModelTensors.Of(text), BertModel.Names(weights, TextPrefix));
        for (int i = 0; i < s_layers.Length; i++)
        {
            tensors.AddLinear($"classifier.{i}", i == 0 ? inputs : hidden, i == s_layers.Length - 1 ? 1 : hidden);
            names.Add($"classifier.{i}", $"classifier.{s_layers[i]}");
        }

        return new SourceModel
        {
            Architecture = MemeConfig.Architecture,
            Format = "hate-speech-in-pixels",
            Name = "memes",
            Description = $"\"Hate Speech in Pixels\", VGG-16 and BERT, {hidden} hidden units",
            Config = config.ToJson(),
            Tensors = [.. tensors.Select(AsValues)],
            Weights = weights,
            Names = names,
            LeftOut = [$"{ImagePrefix}classifier.6.", .. BertModel.LeftOut(TextPrefix, hasHead: false)],
            Assets = TokenizerFiles.Assets(tokenizer).ToDictionary(asset => $"{MemeConfig.TextPart}.{asset.Key}", asset => asset.Value),
        };

        void AddPart(string part, TensorTable ofPart, TensorNames namesOfPart)
        {
            foreach (TensorSpec spec in ofPart)
            {
                tensors.Add(spec with { Name = $"{part}.{spec.Name}" });
            }

            foreach ((string name, TensorPlace place) in namesOfPart)
            {
                names.Add($"{part}.{name}", place);
            }
        }
    }

    /// <summary>The network that judges stays in f32, by rows: it is small, and its input is not.</summary>
    private static TensorSpec AsValues(TensorSpec spec) =>
        spec.Name.StartsWith("classifier.", StringComparison.Ordinal) ? spec with { Use = TensorUse.Values } : spec;
}
