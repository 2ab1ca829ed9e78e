using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec;

/// <summary>How a model's vectors are made unless the caller says otherwise: as the model was trained.</summary>
public sealed record EmbeddingDefaults
{
    private const string Name = "embedding", PoolingName = "pooling", DenseName = "dense";

    /// <summary>More than any model has.</summary>
    private const int MostLayers = 64;

    /// <summary>How rows become one vector; not <see cref="Pooling.None"/>.</summary>
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>
    /// Linear layers that the pooled vector goes through. They are applied to the encoder's output, pooled in this way, and to nothing else.
    /// </summary>
    public IReadOnlyList<DenseLayer> Dense { get; init; } = [];

    /// <summary>Whether each vector is scaled to length 1, at the end.</summary>
    public bool Normalize { get; init; }

    /// <summary>The length of a vector.</summary>
    /// <param name="hidden">The features of a hidden state.</param>
    public int SizeOf(int hidden) => Dense is [.., var last] ? last.Features : hidden * Math.Max(1, Pooling.Parts().Count());

    /// <summary>Reads them from the configuration in a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static EmbeddingDefaults FromJson(JsonFields config)
    {
        if (!config.Has(Name))
        {
            return new EmbeddingDefaults();
        }

        JsonFields json = config.Object(Name);
        return new EmbeddingDefaults { Pooling = ReadPooling(json), Dense = ReadDense(json), Normalize = json.Flag("normalize", false) };
    }

    /// <summary>Adds them to a configuration for a model file, unless they are the usual ones.</summary>
    internal void AddTo(JsonObject config)
    {
        if (this == new EmbeddingDefaults())
        {
            return;
        }

        // Older readers accept only a string here, so they refuse such a file instead of giving other vectors.
        string[] names = [.. Pooling.Parts().Select(part => part.InModelFile)];
        bool isPlain = Dense.Count == 0 && Pooling is Pooling.Mean or Pooling.Class;
        var json = new JsonObject
        {
            [PoolingName] = isPlain ? names[0] : new JsonArray([.. names.Select(name => (JsonNode)name)]),
            ["normalize"] = Normalize,
        };
        if (Dense.Count > 0)
        {
            json[DenseName] = new JsonArray([.. Dense.Select(layer => (JsonNode)layer.ToJson())]);
        }

        config[Name] = json;
    }

    private static Pooling ReadPooling(JsonFields json)
    {
        string[] known = [.. PoolingNames.All.Select(part => part.InModelFile)];
        JsonElement[] values = json.Find(PoolingName) switch
        {
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray()],
            { } value => [value],
            _ => [],
        };
        Pooling pooling = Pooling.None;
        foreach (JsonElement value in values)
        {
            int i = value.ValueKind == JsonValueKind.String ? Array.IndexOf(known, value.GetString()) : -1;
            pooling |= i >= 0 ? PoolingNames.All[i].Pooling : throw Bad();
        }

        return pooling != Pooling.None && pooling.IsKnown() ? pooling : throw Bad();

        InvalidDataException Bad() => json.Bad(PoolingName, $"one or several of {string.Join(", ", known.Select(name => $"\"{name}\""))}");
    }

    private static DenseLayer[] ReadDense(JsonFields json)
    {
        if (!json.Has(DenseName))
        {
            return [];
        }

        DenseLayer[] layers = [.. json.Array(DenseName).Take(MostLayers + 1).Select(layer => DenseLayer.FromJson(new JsonFields(layer, "a dense layer in the configuration")))];
        return layers.Length <= MostLayers ? layers : throw json.Bad(DenseName, $"an array of at most {MostLayers} layers");
    }
}
