using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Corpus;

/// <summary>What makes a job this job: two jobs with the same identity have the same results.</summary>
/// <param name="Task">The name of the task.</param>
/// <param name="Options">The options that change results.</param>
/// <param name="Model">The SHA-256 of the model file.</param>
/// <param name="Modality">The inputs that the model takes.</param>
/// <param name="Rows">The number of inputs.</param>
/// <param name="Inputs">The SHA-256 of the list of inputs.</param>
/// <param name="RowsPerShard">The rows of a shard.</param>
internal sealed record JobIdentity(string Task, JsonObject Options, string Model, Modality Modality, long Rows, string Inputs, int RowsPerShard)
{
    private const int Format = 1;

    /// <summary>Whether the inputs say something about themselves, see <see cref="PlannedInput.Reference"/>.</summary>
    public bool HasReferences { get; init; }

    /// <summary>The content of the job's file.</summary>
    public override string ToString() => new JsonObject
    {
        ["format"] = Format,
        ["task"] = Task,
        ["options"] = Options.DeepClone(),
        ["model"] = Model,
        ["inputs"] = new JsonObject
        {
            ["kind"] = Modality.ToString().ToLowerInvariant(),
            ["rows"] = Rows,
            ["sha256"] = Inputs,
            ["references"] = HasReferences,
        },
        ["rows_per_shard"] = RowsPerShard,
    }.ToJsonString(TextJson.Indented) + "\n";

    /// <exception cref="InvalidDataException">The content is damaged.</exception>
    public static JobIdentity Parse(string content)
    {
        try
        {
            JsonObject json = JsonNode.Parse(content)!.AsObject();
            JsonObject inputs = json["inputs"]!.AsObject();
            var identity = new JobIdentity(
                (string)json["task"]!,
                json["options"]!.AsObject(),
                (string)json["model"]!,
                Enum.Parse<Modality>((string)inputs["kind"]!, ignoreCase: true),
                (long)inputs["rows"]!,
                (string)inputs["sha256"]!,
                (int)json["rows_per_shard"]!)
            {
                HasReferences = (bool)inputs["references"]!,
            };
            return (int)json["format"]! != Format ? throw new InvalidDataException("the job was made by another version of the program")
                : identity is { Rows: > 0, RowsPerShard: > 0 } && (identity.Rows - 1) / identity.RowsPerShard < int.MaxValue ? identity
                : throw new InvalidDataException("the job is damaged: a number is out of range");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or NullReferenceException or ArgumentException)
        {
            throw new InvalidDataException("the job is damaged", error);
        }
    }

    /// <summary>What differs from another job, in words.</summary>
    public IEnumerable<string> DifferencesFrom(JobIdentity earlier)
    {
        if (Task != earlier.Task)
        {
            yield return $"the task is {Task}, and was {earlier.Task}";
        }

        if (Model != earlier.Model)
        {
            yield return $"the model is another one (SHA-256 {Model[..12]}…, and was {earlier.Model[..12]}…)";
        }

        foreach (string name in Options.Select(option => option.Key).Union(earlier.Options.Select(option => option.Key)))
        {
            if (!JsonNode.DeepEquals(Options[name], earlier.Options[name]))
            {
                yield return $"the option {name.Replace('_', ' ')} is {Show(Options[name])}, and was {Show(earlier.Options[name])}";
            }
        }

        if (Modality != earlier.Modality)
        {
            yield return $"the inputs are {Modality.Inputs()}, and were {earlier.Modality.Inputs()}";
        }

        if (Inputs != earlier.Inputs)
        {
            yield return Rows == earlier.Rows ? "the inputs are others, or in another order"
                : string.Create(CultureInfo.InvariantCulture, $"there are {Rows:N0} inputs, and were {earlier.Rows:N0}");
        }

        if (RowsPerShard != earlier.RowsPerShard)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"shards have {RowsPerShard:N0} rows, and had {earlier.RowsPerShard:N0}");
        }

        static string Show(JsonNode? value) => value is null ? "the default" : value.ToJsonString(TextJson.Options);
    }
}
