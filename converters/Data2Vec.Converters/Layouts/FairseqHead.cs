namespace Data2Vec.Converters.Layouts;

/// <summary>A model that fairseq puts around an encoder for fine-tuning.</summary>
/// <param name="Model">The name that the model is registered by.</param>
/// <param name="Title">The name in messages.</param>
/// <param name="Option">The option that holds the options of the encoder.</param>
/// <param name="Prefix">The prefix of the encoder's tensors.</param>
/// <param name="Modality">What it takes.</param>
/// <param name="Encoders">The encoders that are supported inside it.</param>
internal sealed record FairseqHead(string Model, string Title, string Option, string Prefix, string Modality, params string[] Encoders)
{
    private static readonly FairseqHead[] s_all =
    [
        new("wav2vec_ctc", "a CTC model", "w2v_args", "w2v_encoder.w2v_model.", "AUDIO", "data2vec_audio", "data2vec_multi", "wav2vec2", "hubert"),
        new("hubert_ctc", "a CTC model", "w2v_args", "w2v_encoder.w2v_model.", "AUDIO", "hubert"),
        new("data2vec_image_classification", "a classification model", "pretrained_model_args", "model.", "IMAGE", "data2vec_vision"),
        new("mae_image_classification", "a classification model", "pretrained_model_args", "model.", "IMAGE", "data2vec_multi"),
        new("data2vec_text_classification", "a classification model", "pretrained_model_args", "model.", "TEXT", "data2vec_multi"),
    ];

    /// <summary>Models that are known but not supported.</summary>
    private static readonly Dictionary<string, string> s_others = new()
    {
        ["data2vec_multi"] = "a data2vec 2.0 model of an unknown modality",
        ["unknown"] = "a model whose name (_name or arch) the checkpoint does not give",
    };

    /// <summary>The model of a name, or null.</summary>
    public static FairseqHead? Find(string model) => Array.Find(s_all, head => head.Model == model);

    /// <summary>Says what a model is that cannot be converted, and which can.</summary>
    public static string Describe(string model)
    {
        string? known = Layout.All.FirstOrDefault(layout => layout.IsFairseq(model))?.Title;
        string title = s_others.GetValueOrDefault(model) ?? (known is null ? "a model that is not known here" : $"a {known}");
        string quoted = model == "unknown" ? "" : $" (fairseq {PickleText.Quote(model)})";
        IEnumerable<string> supported = Layout.All.Where(layout => layout.IsFairseq(layout.Model)).Select(layout => layout.Model).Distinct();
        return $"{title}{quoted}; {string.Join(", ", supported)} are supported, and around them {string.Join(", ", s_all.Select(head => head.Model))}";
    }
}
