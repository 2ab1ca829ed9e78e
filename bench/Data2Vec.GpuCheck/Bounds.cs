using System.Globalization;
using Data2Vec.Kernels;

namespace Data2Vec.GpuCheck;

/// <summary>Required results of a GPU with tensor cores: speed in bf16 relative to PyTorch, accuracy in all formats relative to the CPU.</summary>
internal static class Bounds
{
    /// <summary>The minimum cosine between a vector and the CPU's in f32. f16 and tf32 have three more bits than bf16.</summary>
    public static double LeastCosine(ElementType type) => type == ElementType.BF16 ? 0.9995 : 0.99999;

    /// <summary>Suffixes of PyTorch rows that ran in another way.</summary>
    private static readonly string[] s_suffixes = [" compiled", ", input on the card"];

    /// <summary>Minimum speed relative to PyTorch, by PyTorch's names.</summary>
    private static readonly Dictionary<(string Group, string Name), double> s_least = new()
    {
        [("product", "8192 x 768 x 2304, bf16")] = 0.75,
        [("product", "8192 x 768 x 768, bf16")] = 0.75,
        [("product", "8192 x 768 x 3072, bf16")] = 0.75,
        [("product", "8192 x 3072 x 768, bf16")] = 0.75,
        [("attention", "32 x 500, 12 heads of 64, bf16")] = 0.8,
        [("attention", "32 x 1500, 12 heads of 64, bf16")] = 0.8,
        [("encoder", "audio 10 s x 64, bf16")] = 1.2,
        [("encoder", "text 256 x 128, bf16")] = 1.2,
        [("encoder", "vision 256, bf16")] = 1.2,
        [("encoder", "audio 10 s x 64, bf16 compiled")] = 1,
        [("encoder", "text 256 x 128, bf16 compiled")] = 1,
        [("encoder", "vision 256, bf16 compiled")] = 1,

        // Single inputs: at most 0.5 and 0.8 of the time.
        [("encoder", "audio 10 s, bf16")] = 2,
        [("encoder", "text 1 x 128, bf16")] = 2,
        [("encoder", "vision 1, bf16")] = 2,
        [("encoder", "audio 10 s, bf16 compiled")] = 1.25,
        [("encoder", "text 1 x 128, bf16 compiled")] = 1.25,
        [("encoder", "vision 1, bf16 compiled")] = 1.25,
    };

    /// <summary>A table of all measurements on both sides and all bounds.</summary>
    public static IEnumerable<string> Table(IReadOnlyList<Measurement> ours, IReadOnlyList<TorchRow> torch)
    {
        yield return "| group | name | ms | PyTorch ms | speedup | minimum | |";
        yield return "| --- | --- | --- | --- | --- | --- | --- |";
        foreach ((string group, string name) in torch.Select(row => (row.Group, row.Name)).Concat(s_least.Keys).Distinct())
        {
            string plain = s_suffixes.Aggregate(name, (name, suffix) => name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : name);
            double? own = ours.FirstOrDefault(row => row.Group == group && row.Name == plain)?.Milliseconds;
            double? peer = torch.FirstOrDefault(row => row.Group == group && row.Name == name)?.Milliseconds;
            double? ratio = own > 0 && peer > 0 ? peer / own : null, least = s_least.TryGetValue((group, name), out double bound) ? bound : null;
            yield return Line($"| {group} | {name} | {own:G4} | {peer:G4} | {ratio:F2} | {least} | {Verdict(ratio, least)} |");
        }

        foreach (Measurement row in ours.Where(row => row.Group == "accuracy" && row.Cosine is not null))
        {
            yield return Line($"| cosine with the CPU | {row.Name} | | | {row.Cosine:F6} | {row.LeastCosine} | {Verdict(row.Cosine, row.LeastCosine)} |");
        }
    }

    private static string Verdict(double? value, double? least) => least is null ? "" : value is null ? "not measured" : value >= least ? "met" : "MISSED";

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
