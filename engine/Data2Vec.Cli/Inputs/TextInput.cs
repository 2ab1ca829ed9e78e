using Data2Vec.Text;

namespace Data2Vec.Cli.Inputs;

/// <summary>Texts.</summary>
internal sealed class TextInput(IReadOnlyList<string> names, IReadOnlyList<string> texts) : ModelInput(InputKind.Text, names)
{
    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options) => ((TextModel)model).Embed(texts, options);

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options) => ((TextModel)model).EmbedLayers(texts[0], options);

    public override LabelProbability[][] Classify(Data2VecModel model, LongTextPolicy longTexts) => ((TextModel)model).Classify(texts, new ClassificationOptions { LongTexts = longTexts });

    /// <summary>What becomes of each text, where the model has a tokenizer.</summary>
    /// <exception cref="InvalidDataException">A text is too long; the message names it.</exception>
    public IReadOnlyList<TextWindows> Windows(Data2VecModel model, LongTextPolicy policy, bool pooled)
    {
        if (model is not TextModel { Tokenizer: { } tokenizer, Config: { } config })
        {
            return [];
        }

        var windows = new TextWindows[texts.Count];
        for (int i = 0; i < windows.Length; i++)
        {
            try
            {
                windows[i] = tokenizer.EncodeWindows(texts[i], config.MaxTokens, policy);
            }
            catch (TextTooLongException error)
            {
                throw new InvalidDataException(
                    $"{Label(i)}: {error.TokenCount} tokens, and the model takes {error.Limit}; shorten it, or use --long truncate or chunk", error);
            }

            if (!pooled && windows[i].Windows.Count > 1)
            {
                throw new InvalidDataException(
                    $"{Label(i)}: {windows[i].TokenCount} tokens need several windows, which have no rows in common; use --pool mean, or --long truncate");
            }
        }

        return windows;
    }

    // A line of a file is called by its place, a text by itself.
    private string Label(int i) => Names[i] == texts[i] ? Text.Short(Names[i]) : Names[i];
}
