using System.Globalization;
using Data2Vec.Kernels;

namespace Data2Vec.GpuCheck;

/// <summary>What a card with tensor cores is to reach: in bf16 beside PyTorch on the same card, in all formats beside the processor.</summary>
internal static class Bounds
{
    /// <summary>The least cosine between a vector and the processor's in f32; f16 and tf32 have three bits more than bf16.</summary>
    public static double LeastCosine(ElementType type) => type == ElementType.BF16 ? 0.9995 : 0.99999;

    /// <summary>What a name of PyTorch's rows ends with where it is not the plain one.</summary>
    private static readonly string[] s_manners = [" compiled", ", input on the card"];

    /// <summary>How many times as fast as PyTorch each is to be, by PyTorch's names.</summary>
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

        // Alone: at most 0.5 and 0.8 of the time.
        [("encoder", "audio 10 s, bf16")] = 2,
        [("encoder", "text 1 x 128, bf16")] = 2,
        [("encoder", "vision 1, bf16")] = 2,
        [("encoder", "audio 10 s, bf16 compiled")] = 1.25,
        [("encoder", "text 1 x 128, bf16 compiled")] = 1.25,
        [("encoder", "vision 1, bf16 compiled")] = 1.25,
    };

    /// <summary>A table of all that was measured on both sides, and of all bounds.</summary>
    public static IEnumerable<string> Table(IReadOnlyList<Measurement> ours, IReadOnlyList<TorchRow> torch)
    {
        yield return "| what | PyTorch | ms | PyTorch's ms | times as fast | at least | |";
        yield return "| --- | --- | --- | --- | --- | --- | --- |";
        foreach ((string group, string name) in torch.Select(row => (row.Group, row.Name)).Concat(s_least.Keys).Distinct())
        {
            string plain = s_manners.Aggregate(name, (name, manner) => name.EndsWith(manner, StringComparison.Ordinal) ? name[..^manner.Length] : name);
            double? own = ours.FirstOrDefault(row => row.Group == group && row.Name == plain)?.Milliseconds;
            double? peer = torch.FirstOrDefault(row => row.Group == group && row.Name == name)?.Milliseconds;
            double? ratio = own > 0 && peer > 0 ? peer / own : null, least = s_least.TryGetValue((group, name), out double bound) ? bound : null;
            yield return Line($"| {group} | {name} | {own:G4} | {peer:G4} | {ratio:F2} | {least} | {Verdict(ratio, least)} |");
        }

        foreach (Measurement row in ours.Where(row => row.Group == "accuracy" && row.Cosine is not null))
        {
            yield return Line($"| cosine with the processor's | {row.Name} | | | {row.Cosine:F6} | {row.LeastCosine} | {Verdict(row.Cosine, row.LeastCosine)} |");
        }
    }

    private static string Verdict(double? value, double? least) => least is null ? "" : value is null ? "not measured" : value >= least ? "met" : "MISSED";

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
