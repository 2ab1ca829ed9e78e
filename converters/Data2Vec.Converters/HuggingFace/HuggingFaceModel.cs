using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>Data2vec models and BERT in the layout of Hugging Face's transformers.</summary>
internal static class HuggingFaceModel
{
    /// <summary>The layout's name.</summary>
    public const string Format = "huggingface";

    private static readonly string[] s_prefixes = [HuggingFaceAudio.Prefix, HuggingFaceText.Prefix, HuggingFaceVision.Prefix, BertModel.Prefix];

    /// <summary>Whether weights have names of this layout.</summary>
    public static bool IsOne(Weights weights) => weights.Names.Any(name =>
        name is "feature_projection.projection.weight" or "embeddings.word_embeddings.weight" or "embeddings.patch_embeddings.projection.weight"
        || s_prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>Reads the structure of a model.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">What was given beside it.</param>
    /// <exception cref="InvalidDataException">It is another model, or of a structure that is not supported.</exception>
    public static SourceModel Read(HuggingFaceFolder folder, ConversionOptions options)
    {
        string? type = folder.Config.Text("model_type");
        switch (type)
        {
            case "data2vec-audio":
                options.RefuseForSpeech();
                return HuggingFaceAudio.Read(folder, options);
            case "data2vec-text":
                return HuggingFaceText.Read(folder, options);
            case "bert":
                return BertModel.Read(folder, options);
            case "data2vec-vision":
                options.RefuseForImages();
                return HuggingFaceVision.Read(folder, options);
            default:
                throw folder.Config.Bad(
                    "model_type", $"is '{PickleText.Quote(type ?? "")}', which is not supported; data2vec-audio, data2vec-text, data2vec-vision and bert are");
        }
    }

    /// <summary>What stands before the encoder's names: nothing where the model has no head.</summary>
    public static string PrefixOf(Weights weights, string prefix) =>
        weights.Names.Any(name => name.StartsWith(prefix, StringComparison.Ordinal)) ? prefix : "";
}
