using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Fairseq;

/// <summary>Says what models are that cannot be converted.</summary>
internal static class ModelNames
{
    /// <summary>The model of a name, and that it is not supported.</summary>
    public static string Describe(string name)
    {
        string model = name switch
        {
            "data2vec_audio" => "a data2vec speech model",
            "data2vec_text" => "a data2vec text model",
            "data2vec_vision" => "a data2vec vision model",
            "data2vec_image_classification" => "a data2vec vision model with a classification head",
            "data2vec_multi" => "a data2vec 2.0 model",
            "wav2vec2" => "a wav2vec 2.0 model, not a data2vec model",
            "hubert" or "hubert_ctc" => "a HuBERT model, not a data2vec model",
            "roberta" or "roberta_base" or "roberta_large" => "a RoBERTa model, not a data2vec model",
            "unknown" => "a model whose name (_name or arch) the checkpoint does not give",
            _ => "a model that is not known here",
        };
        string quoted = name == "unknown" ? "" : $" (fairseq {PickleText.Quote(name)})";
        return $"{model}{quoted}; data2vec_audio and data2vec_multi, alone or with a CTC head, data2vec_text, data2vec_vision, data2vec_image_classification, mae_image_classification and data2vec_text_classification are supported";
    }
}
