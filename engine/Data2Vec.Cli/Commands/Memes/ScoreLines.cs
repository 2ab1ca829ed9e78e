using System.Text.Json.Nodes;
using Data2Vec.Memes;
using Data2Vec.Memes.Explanation;

namespace Data2Vec.Cli;

/// <summary>Formats the scores of memes, one line each.</summary>
/// <param name="format"><c>tsv</c>, <c>csv</c> or <c>jsonl</c>.</param>
/// <param name="threshold">The lowest score that is flagged.</param>
internal sealed class ScoreLines(string format, float threshold)
{
    private static readonly string[] s_columns = ["image", "score", "probability", "flagged", "text"];

    /// <summary>The first line; null if there is none.</summary>
    public string? Header => format == "jsonl" ? null : string.Join(format == "csv" ? ',' : '\t', s_columns);

    /// <summary>The line of a meme.</summary>
    public string Format(string path, MemeScore score, MemeExplanation? explanation) => format switch
    {
        "jsonl" => Json(path, score, explanation),
        "csv" => string.Create(CultureInfo.InvariantCulture, $"{Quote(path)},{score.Score:R},{score.Probability:R},{Flagged(score)},{Quote(score.Text)}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{TerminalText.OneLine(path)}\t{score.Score:0.0000}\t{score.Probability:0.0000}\t{Flagged(score)}\t{TerminalText.OneLine(score.Text)}"),
    };

    private string Flagged(MemeScore score) => score.Score >= threshold ? "yes" : "no";

    /// <summary>A field by RFC 4180.</summary>
    private static string Quote(string field) => field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private string Json(string path, MemeScore score, MemeExplanation? explanation)
    {
        var json = new JsonObject
        {
            ["image"] = path,
            ["score"] = score.Score,
            ["probability"] = score.Probability,
            ["threshold"] = threshold,
            ["flagged"] = score.Score >= threshold,
            ["text"] = score.Text,
            ["words"] = new JsonArray([.. score.Words.Select(word => new JsonObject { ["text"] = word.Text, ["confidence"] = word.Confidence, ["box"] = Box(word.Box) })]),
        };
        if (explanation is not null)
        {
            json["word_effects"] = new JsonArray([.. explanation.Words.Select(word => new JsonObject { ["text"] = word.Text, ["box"] = Box(word.Box), ["effect"] = word.Effect })]);
            json["region_effects"] = new JsonArray([.. explanation.Regions.Select(region => new JsonObject { ["box"] = Box(region.Box), ["effect"] = region.Effect })]);
        }

        return json.ToJsonString(TerminalText.Json);
    }

    private static JsonArray? Box(Box? box) => box is { } b ? new JsonArray(b.X, b.Y, b.Width, b.Height) : null;
}
