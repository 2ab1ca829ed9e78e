using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Corpus;

/// <summary>What happened to a shard; a JSON file beside it. Unlike the shard it depends on the machine and the moment.</summary>
internal sealed record ShardReport
{
    /// <summary>The number of rows.</summary>
    public required int Rows { get; init; }

    /// <summary>The number of errors of each kind.</summary>
    public required IReadOnlyDictionary<string, int> Errors { get; init; }

    /// <summary>The rows of the model that the inputs took.</summary>
    public required long ModelRows { get; init; }

    /// <summary>The SHA-256 of the shard's file.</summary>
    public required string Sha256 { get; init; }

    /// <summary>When the work on it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>The seconds that it took.</summary>
    public required double Seconds { get; init; }

    /// <summary>The machine.</summary>
    public required string Host { get; init; }

    public void Write(string path)
    {
        var errors = new JsonObject();
        foreach ((string kind, int count) in Errors.OrderBy(error => error.Key, StringComparer.Ordinal))
        {
            errors[kind] = count;
        }

        string content = new JsonObject
        {
            ["rows"] = Rows,
            ["errors"] = errors,
            ["model_rows"] = ModelRows,
            ["sha256"] = Sha256,
            ["started"] = Started.UtcDateTime.ToString("O"),
            ["seconds"] = Math.Round(Seconds, 3),
            ["host"] = Host,
        }.ToJsonString(TextJson.Indented);
        WholeFile.Write(path, stream => stream.Write(PlanRecord.Encoding.GetBytes(content + "\n")));
    }

    /// <summary>Reads a report; null if there is none that can be read.</summary>
    public static ShardReport? Read(string path)
    {
        try
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
            return new ShardReport
            {
                Rows = (int)json["rows"]!,
                Errors = json["errors"]!.AsObject().ToDictionary(error => error.Key, error => (int)error.Value!),
                ModelRows = (long)json["model_rows"]!,
                Sha256 = (string)json["sha256"]!,
                Started = DateTimeOffset.Parse((string)json["started"]!, System.Globalization.CultureInfo.InvariantCulture),
                Seconds = (double)json["seconds"]!,
                Host = (string)json["host"]!,
            };
        }
        catch (Exception error) when (error
            is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            return null;
        }
    }
}
