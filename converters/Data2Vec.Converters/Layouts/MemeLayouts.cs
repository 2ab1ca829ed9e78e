using Data2Vec.Memes;
using Data2Vec.Parameters;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// The checkpoint of "Hate Speech in Pixels" (Sabat et al. 2019; <c>multimodal_HS.pt</c>): VGG-16, BERT, and a classifier of their vectors.
/// The weights tell the structure; images are prepared as in its code.
/// </summary>
internal static class MemeLayouts
{
    private const string ImagePrefix = "im_feat_model.", TextPrefix = "text_feat_model.";

    private static readonly LayoutTable s_names = new("""
        model file   | hate-speech-in-pixels
        classifier.0 | classifier.0
        classifier.1 | classifier.3
        classifier.2 | classifier.5
        """);

    /// <summary>All of them.</summary>
    public static IEnumerable<Layout> All =>
    [
        new("hate-speech-in-pixels", "memes", "\"Hate Speech in Pixels\"", Read)
        {
            Recognizes = checkpoint => VggLayouts.IsVgg(checkpoint.Weights, ImagePrefix),
        },
    ];

    private static SourceModel Read(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseLabels();
        Weights weights = checkpoint.Weights;
        VggConfig image = VggLayouts.Config(weights, ImagePreprocessing.OpenCv, ImagePrefix);
        TextTokenizer words = TokenizerFiles.WordPieces(given)
            ?? throw new InvalidDataException("the checkpoint does not have the vocabulary of its BERT, which texts need: give its vocab.txt too");
        TextConfig text = TextLayouts.BertConfig(weights, TextPrefix).With(words);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> assets = TokenizerFiles.Assets(words);
        int inputs = image.HiddenSize + text.HiddenSize, hidden = weights.RequireSize("classifier.0.weight", 2, 0, Limits.Size);
        var config = new MemeConfig
        {
            Image = new EncoderDescription(image.Architecture, SourceModel.Checked(image)),
            Text = new EncoderDescription(text.Architecture, SourceModel.Checked(text)),
            Classifier = new ClassifierDescription(hidden),
        };
        var names = new TensorNames(s_names, layout.Format);
        names.AddPart(MemeConfig.ImagePart, VggLayouts.Names(image, ImagePrefix));
        names.AddPart(MemeConfig.TextPart, TextLayouts.BertNames(TextPrefix));
        return new SourceModel
        {
            Layout = layout,
            Checkpoint = checkpoint,
            Description = $"{layout.Title}, VGG-16 and BERT, {hidden} hidden units",
            Architecture = MemeConfig.Architecture,
            Config = SourceModel.Checked(config.ToJson(), json => MemeConfig.FromJson(json)),
            Parameters =
            [
                .. Part(MemeConfig.ImagePart, image),
                .. Part(MemeConfig.TextPart, text),
                .. Classifier(0, inputs, hidden),
                .. Classifier(1, hidden, hidden),
                .. Classifier(2, hidden, 1),
            ],
            Names = names,
            Assets = assets.ToDictionary(asset => $"{MemeConfig.TextPart}.{asset.Key}", asset => asset.Value),
        };
    }

    private static IEnumerable<Parameter> Part(string part, ModelConfig config) =>
        config.ListParameters().Select(parameter => parameter with { Name = $"{part}.{parameter.Name}" });

    // The classifier stays in f32, by rows: it is small, and its input is not.
    private static Parameter[] Classifier(int layer, int inputs, int outputs) =>
    [
        new($"classifier.{layer}.weight", [outputs, inputs], ParameterRole.Constant),
        new($"classifier.{layer}.bias", [outputs], ParameterRole.Constant),
    ];
}
