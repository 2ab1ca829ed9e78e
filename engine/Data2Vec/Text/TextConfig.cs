using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.ModelFile;

namespace Data2Vec.Text;

/// <summary>The structure of a text model (fairseq's <c>Data2VecTextConfig</c>, as far as inference needs it).</summary>
public sealed record TextConfig
{
    /// <summary>The architecture's name in a model file.</summary>
    public const string Architecture = "data2vec-text";

    /// <summary>The name of BERT's, see <see cref="IsBert"/>.</summary>
    public const string BertArchitecture = "bert";

    private const int MostTokens = 1 << 24;

    /// <summary>The number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The most tokens in an input, with the special ones around the text.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Features of a hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Transformer layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Features inside a feed-forward block.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Whether positions count from 0 and the id of padding is 0, as in BERT (Devlin et al. 2018); otherwise see <see cref="FirstPosition"/>.</summary>
    public bool IsBert { get; init; }

    /// <summary>How the text for word pieces is prepared; null for other tokenizers, and where the model has none.</summary>
    public WordPieceOptions? WordPieces { get; init; }

    /// <summary>What the normalizations add to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>What a classification head tells apart, in the order of its outputs, or null where the model has none.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>
    /// The id of <c>&lt;pad&gt;</c> in fairseq's dictionaries, of <c>[PAD]</c> in BERT's. It cannot stand in an input, as batches are not
    /// padded here.
    /// </summary>
    public int PaddingId => IsBert ? 0 : 1;

    /// <summary>The position of the first token: 0 in BERT, otherwise that after the padding's id (fairseq's <c>make_positions</c>).</summary>
    public int FirstPosition => IsBert ? 0 : PaddingId + 1;

    /// <summary>Rows of the table of positions.</summary>
    internal int Positions => MaxTokens + FirstPosition;

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <param name="json">The configuration.</param>
    /// <param name="architecture">The architecture that the file names.</param>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static TextConfig FromJson(JsonElement json, string architecture = Architecture)
    {
        (int hidden, int layers, int heads, int feedForward) = ConfigReader.Transformer(json);
        return new TextConfig
        {
            VocabularySize = ConfigReader.Integer(json, "vocabulary_size", MostTokens),
            MaxTokens = ConfigReader.Integer(json, "max_tokens", 3, ConfigReader.LargestSize),
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            FeedForwardSize = feedForward,
            Epsilon = ConfigReader.Epsilon(json, "layer_norm_epsilon"),
            IsBert = architecture == BertArchitecture,
            WordPieces = WordPieceOptions.FromJson(json),
            Labels = ConfigReader.Labels(json),
        };
    }

    /// <summary>The <c>config</c> for a model file.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["vocabulary_size"] = VocabularySize,
            ["max_tokens"] = MaxTokens,
            ["hidden_size"] = HiddenSize,
            ["layers"] = Layers,
            ["heads"] = Heads,
            ["feed_forward_size"] = FeedForwardSize,
            ["layer_norm_epsilon"] = Epsilon,
        };
        if (WordPieces is not null)
        {
            json["word_pieces"] = WordPieces.ToJson();
        }

        ConfigReader.WriteLabels(json, Labels);
        return json;
    }
}
