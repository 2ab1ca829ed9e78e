using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>How texts to train on become tokens.</summary>
internal static class TrainingTexts
{
    /// <summary>The tokenizer of a model.</summary>
    /// <exception cref="UsageException">The model has none.</exception>
    public static TextTokenizer Tokenizer(TrainingModel model) => model.Start.ReadTokenizer()
        ?? throw new UsageException($"{model.Name}: the model has no tokenizer; give --tokenizer, {TokenizerFolder.Contents}");
}
