using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>One input, or several that go through a model as one batch.</summary>
internal abstract class ModelInput(InputForm form, IReadOnlyList<string> names)
{
    public InputForm Form => form;

    public Modality Modality => form switch
    {
        InputForm.Recording or InputForm.Samples => Modality.Speech,
        InputForm.Image or InputForm.Pixels => Modality.Vision,
        _ => Modality.Text,
    };

    /// <summary>The name of each input in results.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>The name of the input in messages.</summary>
    public virtual string Label => names[0];

    /// <summary>How much of its source is done after this input, 0 to 1.</summary>
    public double Progress { get; init; } = 1;

    /// <summary>The text of a file's line; null for an input that is named by itself, or is no text.</summary>
    public virtual string? Line(int i) => null;

    /// <summary>The inputs of a batch, one by one.</summary>
    public virtual IEnumerable<ModelInput> Split() => [this];

    /// <summary>The vectors of each input.</summary>
    public abstract float[][] Embed(Data2VecModel model, EmbeddingOptions options, CancellationToken cancellation);

    /// <summary>The vectors of a single input: of the first layer's input, and of every layer's output.</summary>
    public abstract float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options, CancellationToken cancellation);

    /// <summary>The labels of each input, most probable first.</summary>
    public abstract LabelProbability[][] Classify(Data2VecModel model, ClassificationOptions options, CancellationToken cancellation);

    protected static ClassifierModel<TInput, TElement> Classifier<TInput, TElement>(Data2VecModel model)
        where TElement : unmanaged =>
        model as ClassifierModel<TInput, TElement> ?? throw new NotSupportedException($"models of {model.Modality.Inputs()} have no labels; use transcribe");
}

/// <summary>Recordings, texts or images.</summary>
internal class RawInput<TInput, TElement>(InputForm form, IReadOnlyList<string> names, IReadOnlyList<TInput> inputs) : ModelInput(form, names)
    where TElement : unmanaged
{
    public IReadOnlyList<TInput> Inputs => inputs;

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options, CancellationToken cancellation) =>
        ((EncoderModel<TInput, TElement>)model).Embed(inputs, options, cancellation);

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options, CancellationToken cancellation) =>
        ((EncoderModel<TInput, TElement>)model).EmbedLayers(inputs[0], options, cancellation);

    public override LabelProbability[][] Classify(Data2VecModel model, ClassificationOptions options, CancellationToken cancellation) =>
        Classifier<TInput, TElement>(model).Classify(inputs, options, cancellation);
}

/// <summary>Samples, token ids or pixels that are passed to the model unprocessed. The check throws if the model does not accept their shape.</summary>
internal sealed class PreparedInput<TInput, TElement>(InputForm form, string name, TElement[] values, Action<Data2VecModel>? check = null)
    : ModelInput(form, [name])
    where TElement : unmanaged
{
    public TElement[] Values => values;

    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options, CancellationToken cancellation)
    {
        check?.Invoke(model);
        return [((EncoderModel<TInput, TElement>)model).EmbedPrepared(values, options, cancellation)];
    }

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options, CancellationToken cancellation)
    {
        check?.Invoke(model);
        return ((EncoderModel<TInput, TElement>)model).EmbedPreparedLayers(values, options, cancellation);
    }

    public override LabelProbability[][] Classify(Data2VecModel model, ClassificationOptions options, CancellationToken cancellation)
    {
        check?.Invoke(model);
        return [Classifier<TInput, TElement>(model).ClassifyPrepared(values, cancellation)];
    }
}

/// <summary>Texts. A line of a file is named by its place, another text by itself, shortened in messages.</summary>
internal sealed class TextInput(IReadOnlyList<string> labels, IReadOnlyList<string> names, IReadOnlyList<string> texts) : RawInput<string, int>(InputForm.Text, names, texts)
{
    public override string Label => labels[0];

    public override string? Line(int i) => Names[i] == Inputs[i] ? null : Inputs[i];

    public override IEnumerable<ModelInput> Split() => Names.Select((name, i) => new TextInput([labels[i]], [name], [Inputs[i]]) { Progress = Progress });

    /// <summary>Splits each text into windows of tokens. The result is empty if the model has no tokenizer.</summary>
    /// <exception cref="InvalidDataException">A text is too long.</exception>
    public IReadOnlyList<TextWindows> Windows(Data2VecModel model, InputOptions options, bool pooled, CancellationToken cancellation) =>
        model is TextModel { Tokenizer: not null } textModel ? [.. Inputs.Select(text => Windows(textModel, text, options, pooled, cancellation))] : [];

    private static TextWindows Windows(TextModel model, string text, InputOptions options, bool pooled, CancellationToken cancellation)
    {
        try
        {
            TextWindows windows = model.Tokenize(text, options, cancellation);
            return pooled || windows.Windows.Count == 1
                ? windows
                : throw new InvalidDataException($"{windows.TokenCount} tokens need several windows, whose rows cannot be combined; use --pool mean, or --long truncate");
        }
        catch (TextTooLongException error)
        {
            throw new InvalidDataException($"more than {error.Limit} tokens, which is the most that is accepted; shorten it, or use --long truncate or chunk", error);
        }
    }
}
