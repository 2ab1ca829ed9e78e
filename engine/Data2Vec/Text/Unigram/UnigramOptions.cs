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

    /// <summary>
    /// Whether scores are added up from the start of a text in single precision, as SentencePiece does; otherwise in double precision, as Hugging Face's library does.
    /// The paths of runs of one character, such as <c>-----</c>, differ by it.
    /// </summary>
    public bool SinglePrecision { get; init; }

    /// <summary>Reads the options from the configuration in a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static UnigramOptions? FromJson(JsonFields config)
    {
        if (!config.Has(Name))
        {
            return null;
        }

        JsonFields json = config.Object(Name);
        return new UnigramOptions { SplitWhiteSpace = json.Flag("split_white_space"), SinglePrecision = json.Flag("single_precision") };
    }

    internal JsonObject ToJson() => new() { ["split_white_space"] = SplitWhiteSpace, ["single_precision"] = SinglePrecision };
}
