using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Text;

/// <summary>
/// A token that is found in a text before the text is split into words, as in Hugging Face's tokenizers: <c>[MASK]</c>, <c>&lt;/s&gt;</c>, a
/// word that was added for fine-tuning.
/// </summary>
/// <param name="Id">The token's id.</param>
/// <param name="Content">The text of the token.</param>
public sealed record AddedToken(int Id, string Content)
{
    /// <summary>Whether the token is special. <see cref="InputOptions.SplitSpecialTokens"/> makes special tokens ordinary text.</summary>
    public bool Special { get; init; }

    /// <summary>Whether the token is searched for in the normalized text, where case and accents may be gone; otherwise in the text itself.</summary>
    public bool Normalized { get; init; }

    /// <summary>Whether the token counts only where no letter, digit or underscore touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Whether the token takes in the white space before it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Whether the token takes in the white space after it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Reads the tokens of the configuration in a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static IReadOnlyList<AddedToken> ListFromJson(JsonFields config, string name)
    {
        if (!config.Has(name))
        {
            return [];
        }

        var tokens = new List<AddedToken>();
        foreach (JsonElement item in config.Array(name))
        {
            tokens.Add(FromJson(new JsonFields(item, "an added token in the configuration")));
            if (tokens.Count > TokenizerFile.MaxEntries)
            {
                throw config.Bad(name, $"an array of at most {TokenizerFile.MaxEntries} tokens");
            }
        }

        return tokens;
    }

    /// <summary>Reads a token in the form of <c>tokenizer.json</c>, which model files use too. Absent flags are false, <c>normalized</c> is then the opposite of <c>special</c>.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static AddedToken FromJson(JsonFields json)
    {
        bool special = json.Flag("special", false);
        return new AddedToken(json.Integer("id", 0, TokenizerFile.MaxEntries - 1), json.Text("content"))
        {
            Special = special,
            Normalized = json.Flag("normalized", !special),
            SingleWord = json.Flag("single_word", false),
            LeftStrip = json.Flag("lstrip", false),
            RightStrip = json.Flag("rstrip", false),
        };
    }

    /// <summary>The token for a model file.</summary>
    internal JsonObject ToJson() => new()
    {
        ["id"] = Id,
        ["content"] = Content,
        ["special"] = Special,
        ["normalized"] = Normalized,
        ["single_word"] = SingleWord,
        ["lstrip"] = LeftStrip,
        ["rstrip"] = RightStrip,
    };
}
