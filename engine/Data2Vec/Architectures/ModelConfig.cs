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

    /// <summary>Features of a hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Transformer layers.</summary>
    public virtual int Layers { get; init; }

    /// <summary>The labels of the model's head in the order of its outputs, or null where the model has no head.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>What turns the outputs of a classification head into the numbers of its labels.</summary>
    public HeadFunction HeadFunction { get; init; }

    /// <summary>How vectors are made unless the caller says otherwise.</summary>
    public EmbeddingDefaults Embedding { get; init; } = new();

    /// <summary>The length of a vector that is made in the default way, see <see cref="Embedding"/>.</summary>
    public int EmbeddingSize => Embedding.SizeOf(HiddenSize);

    /// <summary>The length of a vector with the options of a call, or of a row without pooling.</summary>
    public int EmbeddingSizeOf(EmbeddingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Pooling pooling = options.Pooling ?? Embedding.Pooling;
        return options.Layer is null && pooling == Embedding.Pooling ? EmbeddingSize : new EmbeddingDefaults { Pooling = pooling }.SizeOf(HiddenSize);
    }

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
    public const int LargestHead = 256;

    private const string HeadFunctionName = "head_function";

    private static readonly (string Name, HeadFunction Function)[] s_functions =
        [("softmax", HeadFunction.Softmax), ("sigmoid", HeadFunction.Sigmoid), ("none", HeadFunction.None)];

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

        Embedding = EmbeddingDefaults.FromJson(json);
        HeadFunction = json.Has(HeadFunctionName) ? json.Choice(HeadFunctionName, s_functions) : HeadFunction.Softmax;
        Labels = !json.Has("labels") ? null : json.Array("labels")
            .Select(label => label.ValueKind == JsonValueKind.String ? label.GetString()! : throw json.Bad("labels", "an array of strings")).ToArray();
    }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Features inside a feed-forward block.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>What the normalizations add to the variance.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>The bias of attention by the distance of a key, if there is one. WavLM and MPNet have it.</summary>
    public DistanceBuckets? DistanceBuckets { get; init; }

    /// <summary>Adds what all transformers may have: the labels of the head and its function, and how vectors are made.</summary>
    private protected JsonObject WithCommon(JsonObject json)
    {
        Embedding.AddTo(json);
        if (HeadFunction != HeadFunction.Softmax)
        {
            json[HeadFunctionName] = s_functions.First(function => function.Function == HeadFunction).Name;
        }

        if (Labels is not null)
        {
            json["labels"] = new JsonArray([.. Labels.Select(label => (JsonNode?)label)]);
        }

        return json;
    }
}
