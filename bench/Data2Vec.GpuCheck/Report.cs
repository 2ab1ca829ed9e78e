using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Data2Vec.Kernels.Gpu;

namespace Data2Vec.GpuCheck;

/// <summary>Prints measurements and writes them to files, which are complete after every line in case the check is interrupted.</summary>
internal sealed class Report(GpuDevice device, string folder)
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<Measurement> _measurements = [];
    private readonly List<string> _lines = [], _torch = [];

    /// <summary>Whether all measurements succeeded with correct results.</summary>
    public bool IsGood => _measurements.TrueForAll(row => row.Failure is null);

    public void Add(Measurement row)
    {
        _measurements.Add(row);
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"| {row.Group} | {row.Name} | {(double.IsNaN(row.Milliseconds) ? "" : $"{row.Milliseconds:G4}")} | {row.Teraflops:F2} | {row.ShareOfPeak:P0} | {row.Gigabytes:F0} | {row.Error:G3} | {row.Cosine:F6} | {row.Failure?.ReplaceLineEndings(" ")} |");
        _lines.Add(line);
        Print(line);
        Write();
    }

    public void AddTorch(string line)
    {
        _torch.Add(line);
        Print($"PyTorch {line}");
        Write();
    }

    /// <summary>Prints the comparison with PyTorch.</summary>
    public void Conclude()
    {
        foreach (string line in Ratios())
        {
            Console.WriteLine(line);
        }
    }

    private void Print(string line) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_start).TotalSeconds,5:F1} s {line}"));

    private IEnumerable<string> Ratios() => Bounds.Table(_measurements, [.. _torch.Select(TorchPeer.Parse).OfType<TorchRow>()]);

    private void Write()
    {
        Directory.CreateDirectory(folder);
        File.WriteAllLines(Path.Combine(folder, "report.md"),
        [
            $"# {device.Description}", "", $"{DateTime.UtcNow:yyyy-MM-dd}", "",
            "| group | name | ms | TFLOP/s | share of f32 peak | GB/s | error | cosine | failure |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- |", .. _lines, "",
            "PyTorch on the same GPU:", "", .. _torch, "",
            "Comparison:", "", .. Ratios(),
        ]);
        File.WriteAllText(
            Path.Combine(folder, "report.json"),
            JsonSerializer.Serialize(new { Device = device.Description, device.PeakFlops, Results = _measurements, Torch = _torch }, s_json));
    }
}
