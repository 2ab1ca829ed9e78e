using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Converters.Layouts;
using Data2Vec.Text;
using Data2Vec.Vision;

namespace Data2Vec.Converters.Exports;

/// <summary>The names that another layout has for the tensors of a model file.</summary>
/// <param name="Names">The names, by the table that they are read by.</param>
/// <param name="Prefix">What stands before the encoder's names in a model with a head.</param>
/// <param name="Heads">How names of the model file begin that have no prefix.</param>
internal sealed record ExportLayout(TensorNames Names, string Prefix, params string[] Heads)
{
    private const string TextHead = "classification_head.", FairseqTextHead = "classification_heads.sentence_classification_head.";

    /// <summary>fairseq's names.</summary>
    /// <exception cref="InvalidDataException">Models of this architecture are not exported.</exception>
    public static ExportLayout Fairseq(ModelConfig config) => config switch
    {
        AudioConfig { IsData2Vecs: true, HasAlibi: false } => new(AudioLayouts.FairseqNames, config.Labels is null ? "" : "w2v_encoder.w2v_model.", "ctc."),
        AudioConfig { Architecture: ModelArchitecture.Data2VecAudio, IsData2Vecs: false } => throw OtherStructure(),
        TextConfig { Architecture: ModelArchitecture.Data2VecText } => new(TextLayouts.FairseqNames, ""),
        VisionConfig { HasPositionVectors: false } => new(VisionLayouts.FairseqNames, config.Labels is null ? "" : "model.", "classifier."),
        _ => throw new InvalidDataException($"models of the architecture {config.Architecture} are not exported to fairseq; data2vec's of speech, text and images are"),
    };

    /// <summary>Hugging Face's names.</summary>
    /// <inheritdoc cref="Fairseq"/>
    public static ExportLayout HuggingFace(ModelConfig config) => config switch
    {
        AudioConfig { IsData2Vecs: true, HasAlibi: false } => new(AudioLayouts.HuggingFaceNames, config.Labels is null ? "" : "data2vec_audio.", "ctc."),
        AudioConfig { Architecture: ModelArchitecture.Data2VecAudio, IsData2Vecs: false } => throw OtherStructure(),
        TextConfig { Architecture: ModelArchitecture.Bert } => new(TextLayouts.BertNames(""), config.Labels is null ? "" : "bert.", "classifier.output."),
        TextConfig { Architecture: ModelArchitecture.Data2VecText } => new(TextLayouts.HuggingFaceNames, config.Labels is null ? "" : "data2vec_text.", "classifier."),
        VisionConfig { HasPositionVectors: false } => new(VisionLayouts.HuggingFaceNames, config.Labels is null ? "" : "data2vec_vision.", "classifier.output."),
        _ => throw new InvalidDataException(
            $"models of the architecture {config.Architecture} are not exported to Hugging Face; data2vec's of speech, text and images, and BERT are"),
    };

    private static InvalidDataException OtherStructure() => new("data2vec speech models of another structure than the published ones are not exported");

    /// <summary>Brings the tensors of a model file into the layout.</summary>
    /// <param name="tensors">The names and shapes of a model file.</param>
    /// <exception cref="InvalidDataException">The layout has no name for a tensor, or a tensor is incomplete.</exception>
    public IReadOnlyList<ExportTensor> Arrange(IEnumerable<(string Name, IReadOnlyList<int> Shape)> tensors)
    {
        var arranged = new List<(ExportTensor Tensor, TensorPlace Place)>();
        foreach ((string name, IReadOnlyList<int> shape) in tensors)
        {
            TensorPlace place = Names.Find(name, Weights.None) ?? throw new InvalidDataException($"the layout has no name for the tensor '{name}'");
            string outer = NameOf(name, place);
            int known = arranged.FindIndex(entry => entry.Tensor.Name == outer);
            if (known < 0)
            {
                arranged.Add((new ExportTensor(outer, place.ShapeInCheckpoint(shape), [name]), place));
                known = arranged.Count - 1;
            }
            else
            {
                ExportTensor tensor = arranged[known].Tensor;
                arranged[known] = (tensor with { Parts = [.. tensor.Parts, name] }, place);
            }

            InvalidData.ThrowIf(place.Part != arranged[known].Tensor.Parts.Count - 1, $"a part of the tensor '{outer}' is missing from the model");
        }

        (ExportTensor, TensorPlace) incomplete = arranged.Find(entry => entry.Tensor.Parts.Count != entry.Place.Parts);
        return incomplete.Item1 is null
            ? [.. arranged.Select(entry => entry.Tensor)]
            : throw new InvalidDataException($"a part of the tensor '{incomplete.Item1.Name}' is missing from the model");
    }

    private string NameOf(string name, TensorPlace place)
    {
        string prefix = Heads.Any(head => name.StartsWith(head, StringComparison.Ordinal)) ? "" : Prefix;
        return prefix + (place.Name.StartsWith(TextHead, StringComparison.Ordinal) ? FairseqTextHead + place.Name[TextHead.Length..] : place.Name);
    }
}
