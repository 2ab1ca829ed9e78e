using System.Text.Json.Nodes;

namespace Data2Vec.Text;

/// <summary>How a unigram model prepares text.</summary>
public sealed record UnigramOptions
{
    private const string Name = "unigrams";

    /// <summary>
    /// Whether words end at all white space, as in Hugging Face's <c>WhitespaceSplit</c>; otherwise at spaces alone. It matters for characters that the character
    /// map does not turn into spaces.
    /// </summary>
    public bool SplitWhiteSpace { get; init; }

    /// <summary>Reads the options from the configuration in a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static UnigramOptions? FromJson(JsonFields config) =>
        config.Has(Name) ? new UnigramOptions { SplitWhiteSpace = config.Object(Name).Flag("split_white_space") } : null;

    internal JsonObject ToJson() => new() { ["split_white_space"] = SplitWhiteSpace };
}
