using System.Text.Json.Nodes;

namespace Data2Vec;

/// <summary>How a model's vectors are made unless the caller says otherwise: as the model was trained.</summary>
public sealed record EmbeddingDefaults
{
    private const string Name = "embedding";

    private static readonly (string Name, Pooling Pooling)[] s_poolings = [("mean", Pooling.Mean), ("class", Pooling.Class), ("pooler", Pooling.Pooler)];

    /// <summary>How rows become one vector; not <see cref="Pooling.None"/>.</summary>
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>Whether each vector is scaled to length 1.</summary>
    public bool Normalize { get; init; }

    /// <summary>Reads them from the configuration in a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static EmbeddingDefaults FromJson(JsonFields config)
    {
        if (!config.Has(Name))
        {
            return new EmbeddingDefaults();
        }

        JsonFields json = config.Object(Name);
        return new EmbeddingDefaults
        {
            Pooling = json.Choice("pooling", s_poolings),
            Normalize = json.Flag("normalize", false),
        };
    }

    /// <summary>Adds them to a configuration for a model file, unless they are the usual ones.</summary>
    internal void AddTo(JsonObject config)
    {
        if (this != new EmbeddingDefaults())
        {
            config[Name] = new JsonObject { ["pooling"] = Array.Find(s_poolings, pooling => pooling.Pooling == Pooling).Name, ["normalize"] = Normalize };
        }
    }
}
