using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>Texts. The line of a file is named by its place, another text by itself.</summary>
internal sealed class TextInput(IReadOnlyList<string> names, IReadOnlyList<string> texts) : RawInput<string, int>(Modality.Text, names, texts)
{
    /// <summary>Splits each text into windows of tokens. The result is empty if the model has no tokenizer.</summary>
    /// <exception cref="InvalidDataException">A text is too long. The message names it.</exception>
    public IReadOnlyList<TextWindows> Windows(Data2VecModel model, LongTextPolicy policy, bool pooled) =>
        model is TextModel { Tokenizer: { } tokenizer, Config.MaxTokens: var maxTokens }
            ? [.. Names.Zip(Inputs, (name, text) => Windows(tokenizer, maxTokens, name == text ? TerminalText.Short(name) : name, text, policy, pooled))]
            : [];

    private static TextWindows Windows(TextTokenizer tokenizer, int maxTokens, string name, string text, LongTextPolicy policy, bool pooled)
    {
        try
        {
            TextWindows windows = tokenizer.EncodeWindows(text, maxTokens, policy);
            return pooled || windows.Windows.Count == 1
                ? windows
                : throw new InvalidDataException($"{name}: {windows.TokenCount} tokens need several windows, whose rows cannot be combined; use --pool mean, or --long truncate");
        }
        catch (TextTooLongException error)
        {
            throw new InvalidDataException($"{name}: {error.TokenCount} tokens, and the model takes {error.Limit}; shorten it, or use --long truncate or chunk", error);
        }
    }
}
