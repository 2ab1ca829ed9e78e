using Data2Vec.Audio;
using Data2Vec.Text;

namespace Data2Vec;

/// <summary>Options that concern the inputs of a call.</summary>
public abstract record InputOptions
{
    private protected InputOptions()
    {
    }

    /// <summary>
    /// For texts only: how texts longer than <see cref="MaxTokens"/> are handled; null for the model's way, which is <see cref="LongTextPolicy.Chunk"/>
    /// unless its file says otherwise. With <see cref="LongTextPolicy.Chunk"/> the results of overlapping windows are averaged, weighted by their share
    /// of the tokens.
    /// </summary>
    public LongTextPolicy? LongTexts { get; init; }

    /// <summary>
    /// For texts only: the most tokens, special tokens included, at least 3; null for the number in the model's file. Never more than the model accepts.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>
    /// For texts only: whether special tokens in a text, such as a literal <c>[MASK]</c> or <c>&lt;/s&gt;</c>, are split like other text. Otherwise they
    /// become their ids if the model's tokenizer finds them (<see cref="TextTokenizer.AddedTokens"/>), as in Hugging Face's transformers. Set it for
    /// texts from strangers.
    /// </summary>
    public bool SplitSpecialTokens { get; init; }

    /// <summary>
    /// The most rows (tokens, frames, patches) of all inputs of a call together, special tokens and overlaps included; null for any number. A call with more fails
    /// with a <see cref="TooManyRowsException"/> before the model runs. No more of a text is tokenized than is needed to know.
    /// </summary>
    public long? MaxRows { get; init; }

    /// <summary>
    /// For recordings only: how those longer than <see cref="RecordingWindows.LongestWhole"/> are handled; null for <see cref="LongRecordingPolicy.Chunk"/>. Of
    /// an embedding the results of the windows are averaged, weighted by their share of the rows, as those of texts are; rows without pooling are joined.
    /// </summary>
    public LongRecordingPolicy? LongRecordings { get; init; }

    /// <summary>For recordings only: the windows that long ones are cut into; null for <see cref="RecordingWindows.Default"/>.</summary>
    public RecordingWindows? Windows { get; init; }
}

/// <summary>Options of a classification.</summary>
public sealed record ClassificationOptions : InputOptions;

/// <summary>Options of an embedding.</summary>
public sealed record EmbeddingOptions : InputOptions
{
    /// <summary>
    /// The layer whose output is embedded: 0 is the input of the first layer; null is the encoder's output, which is that of the last layer,
    /// normalized if the model has a final norm (vision).
    /// </summary>
    public int? Layer { get; init; }

    /// <summary>
    /// How the layer's rows become one vector; null for the model's way, see <see cref="EmbeddingDefaults"/>. Dense layers of the model are applied only to its
    /// output pooled in the model's way.
    /// </summary>
    public Pooling? Pooling { get; init; }

    /// <summary>Whether each vector is scaled to length 1; null for the model's way, which does not apply to rows without pooling.</summary>
    public bool? Normalize { get; init; }

    /// <summary>
    /// For texts only: a text that is put before each text; null for <see cref="PromptName"/>, or for the model's way, see <see cref="TextPreparation.Prefix"/>.
    /// An empty one puts nothing there.
    /// </summary>
    public string? Prompt { get; init; }

    /// <summary>For texts only: which of the model's prompts is put before each text, see <see cref="TextPreparation.Prompts"/>; <see cref="Prompt"/> wins.</summary>
    public string? PromptName { get; init; }
}

/// <summary>Vectors of an asynchronous call, and what they cost.</summary>
/// <param name="Vectors">For each input its vector, or its rows without pooling.</param>
/// <param name="Rows">Rows that went through the model: tokens with the special ones, frames, patches with the class token.</param>
public readonly record struct EmbeddedInputs(float[][] Vectors, long Rows);
