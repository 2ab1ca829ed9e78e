using System.Text.Json;
using Data2Vec.IO;

namespace Data2Vec.Training.Tests;

/// <summary>The files in the folder Fixtures. The script in that folder describes them.</summary>
internal static class Fixtures
{
    public static float[] Floats(string name) => NpyFile.Read(Path(name)).Floats();

    public static JsonElement Json(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path(name)));
        return document.RootElement.Clone();
    }

    public static float[] Floats(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => (float)value.GetDouble())];

    public static double[] Doubles(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    public static int[] Integers(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    public static double Number(this JsonElement element, string name, double fallback = double.NaN) =>
        element.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : fallback;

    private static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", name);
}
