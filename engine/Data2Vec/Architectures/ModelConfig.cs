using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec;

/// <summary>The structure of a model: the <c>config</c> of a model file.</summary>
public abstract record ModelConfig
{
    private protected ModelConfig(string architecture) => Architecture = architecture;

    /// <summary>The architecture's name, one of <see cref="ModelArchitecture.All"/>.</summary>
    public string Architecture { get; init; }

    /// <summary>Features of a hidden state, and so of an embedding.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Transformer layers.</summary>
    public virtual int Layers { get; init; }

    /// <summary>The labels of the model's head in the order of its outputs, or null where the model has no head.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The kind of input.</summary>
    public Modality Modality => ModelArchitecture.Find(Architecture).Modality;

    /// <summary>The <c>config</c> for a model file.</summary>
    public abstract JsonObject ToJson();

    /// <summary>Lists the model's parameters in the order of a model file, as its blocks declare them. Optional ones are included.</summary>
    public IReadOnlyList<Parameter> ListParameters() =>
        ParameterList.Of(parameters => ModelArchitecture.Find(Architecture).CreateEncoder(this, parameters));

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">The architecture is unknown, or a field is missing or out of range.</exception>
    public static ModelConfig FromJson(JsonElement json, string architecture) => ModelArchitecture.Find(architecture).ReadConfig(json);
}

/// <summary>The structure of a transformer.</summary>
public abstract record TransformerConfig : ModelConfig
{
    /// <summary>The most features per attention head that the kernels support.</summary>
    private const int LargestHead = 256;

    private protected TransformerConfig(string architecture)
        : base(architecture)
    {
    }

    /// <summary>Reads the fields that all transformers have.</summary>
    [SetsRequiredMembers]
    private protected TransformerConfig(JsonFields json, string architecture)
        : base(architecture)
    {
        (HiddenSize, Layers) = (json.Size("hidden_size"), json.Size("layers", 10_000));
        (Heads, FeedForwardSize) = (json.Size("heads"), json.Size("feed_forward_size"));
        if (HiddenSize % Heads != 0)
        {
            throw new InvalidDataException("the configuration contradicts itself: 'heads' does not divide 'hidden_size'");
        }

        if (HiddenSize / Heads > LargestHead)
        {
            throw new InvalidDataException($"heads of {HiddenSize / Heads} features are not supported; {LargestHead} is the most");
        }

        Labels = !json.Has("labels") ? null : json.Array("labels")
            .Select(label => label.ValueKind == JsonValueKind.String ? label.GetString()! : throw json.Bad("labels", "an array of strings")).ToArray();
    }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Features inside a feed-forward block.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>What the normalizations add to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>Adds the labels of the head, if any.</summary>
    private protected JsonObject WithLabels(JsonObject json)
    {
        if (Labels is not null)
        {
            json["labels"] = new JsonArray([.. Labels.Select(label => (JsonNode?)label)]);
        }

        return json;
    }
}
