using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.IO;

namespace Data2Vec.Training.State;

/// <summary>Where a run stands, beside its numbers.</summary>
public sealed record TrainingProgress
{
    /// <summary>The recipe of the run.</summary>
    public required JsonObject Recipe { get; init; }

    /// <summary>The structure of the model.</summary>
    public required ModelConfig Model { get; init; }

    /// <summary>The number of updates that are done.</summary>
    public required long Update { get; init; }

    /// <summary>The pass over the data, counted from 1.</summary>
    public required long Epoch { get; init; }

    /// <summary>The number of batches of this pass that are done.</summary>
    public long Batch { get; init; }

    /// <summary>What everything random follows from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The best value of the metric that decides which model is kept; null before the first validation.</summary>
    public double? BestMetric { get; init; }

    /// <summary>The data.</summary>
    public required DataFingerprint Data { get; init; }

    /// <summary>Adam's steps by the names of the parameters.</summary>
    public required IReadOnlyDictionary<string, long> AdamSteps { get; init; }

    /// <summary>The <c>config</c> of a state file. The student and the teacher are parts, which are models that can be opened.</summary>
    internal JsonObject ToJson(bool hasTeacher)
    {
        var json = new JsonObject
        {
            ["recipe"] = Recipe.DeepClone(),
            ["update"] = Update,
            ["epoch"] = Epoch,
            ["batch"] = Batch,
            ["seed"] = Seed.ToString(CultureInfo.InvariantCulture),
            ["data_items"] = Data.Items,
            ["data_checksum"] = Data.Checksum,
            ["adam_steps"] = new JsonObject([.. AdamSteps.Select(step => KeyValuePair.Create(step.Key, (JsonNode?)step.Value))]),
            ["student"] = Part(),
        };
        if (hasTeacher)
        {
            json["teacher"] = Part();
        }

        if (BestMetric is { } best && double.IsFinite(best))
        {
            json["best_metric"] = best;
        }

        return json;

        JsonObject Part() => new() { ["architecture"] = Model.Architecture, ["config"] = Model.ToJson() };
    }

    /// <summary>Reads the <c>config</c> of a state file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    internal static TrainingProgress FromJson(JsonElement config)
    {
        var json = JsonFields.Configuration(config);
        JsonFields student = json.Object("student"), steps = json.Object("adam_steps");
        return new TrainingProgress
        {
            Recipe = JsonObject.Create(json.Object("recipe").Json) ?? [],
            Model = ModelConfig.FromJson(student.Object("config").Json, student.Text("architecture")),
            Update = json.Long("update"),
            Epoch = json.Long("epoch"),
            Batch = json.Long("batch"),
            Seed = ulong.TryParse(json.Text("seed"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? seed : throw json.Bad("seed", "an integer in quotes"),
            BestMetric = json.Has("best_metric") ? json.Number("best_metric", 0) : null,
            Data = new DataFingerprint(json.Long("data_items"), (uint)json.Long("data_checksum", 0, uint.MaxValue)),
            AdamSteps = steps.Json.EnumerateObject().ToDictionary(step => step.Name, step => steps.Long(step.Name), StringComparer.Ordinal),
        };
    }
}
