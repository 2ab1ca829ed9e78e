using System.Globalization;
using System.Text.Json;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.PyTorch;

/// <summary>The files that PyTorch wrote (Fixtures/make_fixtures.py), and what PyTorch reads in them.</summary>
internal static class Fixture
{
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    public static byte[] Bytes(string name) => File.ReadAllBytes(PathOf(name));

    public static PyTorchFile Open(string name) => PyTorchFile.Open(PathOf(name));

    public static IReadOnlyDictionary<string, ExpectedTensor> ExpectedTensors(string fixture)
    {
        using JsonDocument document = JsonDocument.Parse(Bytes("expected.json"));
        return document.RootElement.GetProperty(fixture).EnumerateObject().ToDictionary(
            tensor => tensor.Name,
            tensor => new ExpectedTensor(
                tensor.Value.GetProperty("dtype").GetString()!,
                [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
                tensor.Value.GetProperty("contiguous").GetBoolean(),
                [.. tensor.Value.GetProperty("values").EnumerateArray().Select(Number)]));
    }

    private static float Number(JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? (float)value.GetDouble()
        : value.GetString() switch
        {
            "inf" => float.PositiveInfinity,
            "-inf" => float.NegativeInfinity,
            "nan" => float.NaN,
            string text => float.Parse(text, CultureInfo.InvariantCulture),
            null => throw new InvalidDataException("expected.json has a null among its numbers"),
        };
}

/// <summary>A tensor as PyTorch reads it.</summary>
internal sealed record ExpectedTensor(string DataType, long[] Shape, bool IsContiguous, float[] Values);
