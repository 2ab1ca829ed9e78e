using System.Text.Json.Nodes;

namespace Data2Vec.Text;

/// <summary>How BERT's tokenizer prepares text (<c>BasicTokenizer</c> in its code).</summary>
public sealed record WordPieceOptions
{
    /// <summary>Whether text is converted to lower case, as for the uncased models.</summary>
    public bool Lowercase { get; init; }

    /// <summary>Whether accents are removed. Requires <see cref="Lowercase"/>.</summary>
    public bool StripAccents { get; init; }

    /// <summary>Whether each Chinese character becomes a separate word.</summary>
    public bool SplitChinese { get; init; } = true;

    /// <summary>Reads the options from the configuration in a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static WordPieceOptions? FromJson(JsonFields config)
    {
        if (config.Find("word_pieces") is null)
        {
            return null;
        }

        JsonFields json = config.Object("word_pieces");
        var options = new WordPieceOptions
        {
            Lowercase = json.Flag("lowercase"),
            StripAccents = json.Flag("strip_accents"),
            SplitChinese = json.Flag("split_chinese"),
        };
        return options.StripAccents && !options.Lowercase
            ? throw new InvalidDataException("the configuration strips accents without lower case, which is not supported")
            : options;
    }

    internal JsonObject ToJson() => new()
    {
        ["lowercase"] = Lowercase,
        ["strip_accents"] = StripAccents,
        ["split_chinese"] = SplitChinese,
    };
}
