using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>Examples whose vectors a result file keeps.</summary>
/// <param name="examples">The examples.</param>
/// <param name="results">The file.</param>
/// <param name="part">What tells their names from those of other examples in the file.</param>
/// <param name="features">The length of a vector.</param>
internal sealed class KeptExamples(ProbeExamples examples, ResultFile results, string part, int features) : ProbeExamples(examples.Classes)
{
    private const string Target = "target", Vectors = "vectors";

    public override TrainingData Data => examples.Data;

    public override IEnumerable<ProbeExample> Embed(int[] items, EmbeddingOptions options, bool allLayers, BadInputs bad, CancellationToken cancellation)
    {
        int[] open = [.. items.Where(item => results.Find(Id(Data.Name(item))) is null)];
        foreach (ProbeExample example in open.Length == 0 ? [] : examples.Embed(open, options, allLayers, bad, cancellation))
        {
            results.Add(Id(example.Name), new JsonObject
            {
                [Target] = example.Target,
                [Vectors] = new JsonArray([.. example.Vectors.Select(vector => (JsonNode?)Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan())))]),
            });
        }

        return [.. items.Select(item => Data.Name(item)).Select(name => results.Find(Id(name)) is { } result ? Read(name, result) : null).OfType<ProbeExample>()];
    }

    private string Id(string name) => $"{part}{name}";

    private ProbeExample Read(string name, JsonObject result) => ResultFile.Read(name, () =>
        new ProbeExample(name, result[Target]!.GetValue<double>(), [.. result[Vectors]!.AsArray().Select(vector => Floats(vector!.GetValue<string>()))]));

    private float[] Floats(string text)
    {
        byte[] bytes = Convert.FromBase64String(text);
        return bytes.Length == features * sizeof(float) ? MemoryMarshal.Cast<byte, float>(bytes).ToArray() : throw new FormatException();
    }
}
