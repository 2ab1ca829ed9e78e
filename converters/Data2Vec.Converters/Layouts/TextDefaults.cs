using Data2Vec.Converters.HuggingFace;
using Data2Vec.Text;

namespace Data2Vec.Converters.Layouts;

/// <summary>How a Hugging Face folder's texts are prepared and its vectors made by default.</summary>
internal static class TextDefaults
{
    /// <summary>
    /// The configuration with the defaults of a folder: those of sentence-transformers, which reads other folders too, or for data2vec and for models that label texts the
    /// tokenizer's limit alone.
    /// </summary>
    /// <param name="config">The structure.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="isForSentences">Whether sentence-transformers is what such models are used with.</param>
    /// <param name="warnings">Receives what is not used.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or asks for something that is not supported.</exception>
    public static TextConfig With(TextConfig config, HuggingFaceFolder folder, bool isForSentences, List<string> warnings)
    {
        double limit = folder.Options("tokenizer_config.json")?.Number("model_max_length", config.MaxTokens) ?? config.MaxTokens;
        int? most = limit < config.MaxTokens ? (int)limit : null;
        CheckpointOptions? transformer = SentenceTransformer.ModelConfigNames.Select(folder.Options).FirstOrDefault(options => options is not null);
        if (transformer is null && folder.Sentence is null && !isForSentences)
        {
            return config with { Preparation = new TextPreparation { MaxTokens = most } };
        }

        var preparation = new TextPreparation
        {
            Strip = true,
            Lowercase = transformer?.Flag("do_lower_case") ?? false,
            MaxTokens = transformer?.Has("max_seq_length") == true ? transformer.Integer("max_seq_length", 0, 3, Limits.Size) : most,
            LongTexts = LongTextPolicy.Truncate,
        };
        return config with
        {
            Embedding = folder.Sentence?.ReadEmbedding(config.HiddenSize, warnings) ?? config.Embedding,
            Preparation = folder.Sentence?.WithPrompts(preparation, warnings) ?? preparation,
        };
    }
}
