using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Training.State;

/// <summary>Compares recipes, so that a run is not resumed with another one by mistake.</summary>
public static class RecipeDifferences
{
    /// <summary>Names the options that differ, in words: <c>learning_rate was 0.0005, is 0.001</c>.</summary>
    /// <param name="before">The recipe that the run began with.</param>
    /// <param name="now">The recipe that it is resumed with.</param>
    /// <param name="mayChange">The options that may change, such as how often to save; null: none. Options in a group have its name in front: <c>schedule.warmup</c>.</param>
    public static IReadOnlyList<string> Find(JsonObject before, JsonObject now, Func<string, bool>? mayChange = null)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(now);
        using JsonDocument old = JsonDocument.Parse(before.ToJsonString()), @new = JsonDocument.Parse(now.ToJsonString());
        var differences = new List<string>();
        Compare("", old.RootElement, @new.RootElement);
        return differences;

        void Compare(string place, JsonElement one, JsonElement other)
        {
            IEnumerable<string> names = one.EnumerateObject().Concat(other.EnumerateObject()).Select(option => option.Name).Distinct();
            foreach (string name in names)
            {
                string path = place + name;
                (JsonElement? was, JsonElement? @is) = (Value(one, name), Value(other, name));
                if (was is { ValueKind: JsonValueKind.Object } wasGroup && @is is { ValueKind: JsonValueKind.Object } isGroup)
                {
                    Compare($"{path}.", wasGroup, isGroup);
                }
                else if (!(mayChange?.Invoke(path) ?? false) && !AreEqual(was, @is))
                {
                    differences.Add($"{path} {(was is null ? "was not given" : $"was {was.Value.GetRawText()}")}, {(@is is null ? "is not given" : $"is {@is.Value.GetRawText()}")}");
                }
            }
        }
    }

    // Null is as good as nothing.
    private static JsonElement? Value(JsonElement group, string name) =>
        group.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static bool AreEqual(JsonElement? one, JsonElement? other) =>
        one is { } first && other is { } second ? JsonElement.DeepEquals(first, second) : one is null && other is null;
}
