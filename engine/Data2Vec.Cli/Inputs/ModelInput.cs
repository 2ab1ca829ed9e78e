using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>A number of inputs that are read when their turn comes, so that few are in memory.</summary>
internal sealed record InputSource(int Count, Func<ModelInput> Load);

/// <summary>One input, or several that go through a model as one batch. Each has a name in results and messages.</summary>
internal abstract class ModelInput(Modality modality, IReadOnlyList<string> names)
{
    public Modality Modality => modality;

    public IReadOnlyList<string> Names => names;

    /// <summary>The vectors of each input.</summary>
    public abstract float[][] Embed(Data2VecModel model, EmbeddingOptions options);

    /// <summary>The vectors of a single input: of the first layer's input, and of every layer's output.</summary>
    public abstract float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options);

    /// <summary>The labels of each input, most probable first.</summary>
    public abstract LabelProbability[][] Classify(Data2VecModel model, ClassificationOptions options);

    protected static ClassifierModel<TInput, TElement> Classifier<TInput, TElement>(Data2VecModel model)
        where TElement : unmanaged =>
        model as ClassifierModel<TInput, TElement> ?? throw new NotSupportedException($"models of {model.Modality.Inputs()} have no labels; use transcribe");
}

/// <summary>Recordings, texts or images.</summary>
internal class RawInput<TInput, TElement>(Modality modality, IReadOnlyList<string> names, IReadOnlyList<TInput> inputs) : ModelInput(modality, names)
    where TElement : unmanaged
{
    public IReadOnlyList<TInput> Inputs => inputs;

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options) => ((EncoderModel<TInput, TElement>)model).Embed(inputs, options);

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options) => ((EncoderModel<TInput, TElement>)model).EmbedLayers(inputs[0], options);

    public override LabelProbability[][] Classify(Data2VecModel model, ClassificationOptions options) => Classifier<TInput, TElement>(model).Classify(inputs, options);
}

/// <summary>Samples, token ids or pixels that are passed to the model unprocessed. The check throws if the model does not accept their shape.</summary>
internal sealed class PreparedInput<TInput, TElement>(Modality modality, string name, TElement[] values, Action<Data2VecModel>? check = null)
    : ModelInput(modality, [name])
    where TElement : unmanaged
{
    public TElement[] Values => values;

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options)
    {
        check?.Invoke(model);
        return [((EncoderModel<TInput, TElement>)model).EmbedPrepared(values, options)];
    }

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options)
    {
        check?.Invoke(model);
        return ((EncoderModel<TInput, TElement>)model).EmbedPreparedLayers(values, options);
    }

    public override LabelProbability[][] Classify(Data2VecModel model, ClassificationOptions options)
    {
        check?.Invoke(model);
        return [Classifier<TInput, TElement>(model).ClassifyPrepared(values)];
    }
}

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
