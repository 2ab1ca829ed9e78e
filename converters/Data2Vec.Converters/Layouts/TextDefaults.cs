using Data2Vec.Converters.HuggingFace;
using Data2Vec.Text;

namespace Data2Vec.Converters.Layouts;

/// <summary>How a Hugging Face folder's texts are prepared and its vectors made by default.</summary>
internal static class TextDefaults
{
    /// <summary>The configuration with the defaults of a folder: those of sentence-transformers, or the tokenizer's limit alone.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or asks for something that is not supported.</exception>
    public static TextConfig With(TextConfig config, HuggingFaceFolder folder, List<string> warnings)
    {
        double limit = folder.Options("tokenizer_config.json")?.Number("model_max_length", config.MaxTokens) ?? config.MaxTokens;
        int? most = limit < config.MaxTokens ? (int)limit : null;
        CheckpointOptions? transformer = SentenceTransformer.ModelConfigNames.Select(folder.Options).FirstOrDefault(options => options is not null);
        if (transformer is null && folder.Sentence is null)
        {
            return config with { Preparation = new TextPreparation { MaxTokens = most } };
        }

        return config with
        {
            Embedding = folder.Sentence?.ReadEmbedding() ?? config.Embedding,
            Preparation = new TextPreparation
            {
                Prefix = folder.Sentence?.ReadPrompt(warnings) ?? "",
                Strip = true,
                Lowercase = transformer?.Flag("do_lower_case") ?? false,
                MaxTokens = transformer?.Has("max_seq_length") == true ? transformer.Integer("max_seq_length", 0, 3, Limits.Size) : most,
                LongTexts = LongTextPolicy.Truncate,
            },
        };
    }
}
