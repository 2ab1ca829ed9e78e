using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Data2Vec.Kernels.Gpu;

namespace Data2Vec.GpuCheck;

/// <summary>What was measured so far: on the console as it comes, and in files that are complete after every line, as a check may be cut off.</summary>
internal sealed class Report(GpuDevice device, string folder)
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<Measurement> _measurements = [];
    private readonly List<string> _lines = [], _torch = [];

    /// <summary>Whether all could be measured and is right.</summary>
    public bool IsGood => _measurements.TrueForAll(row => row.Failure is null);

    public void Add(Measurement row)
    {
        _measurements.Add(row);
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"| {row.Group} | {row.Name} | {(double.IsNaN(row.Milliseconds) ? "" : $"{row.Milliseconds:G4}")} | {row.Teraflops:F2} | {row.ShareOfPeak:P0} | {row.Gigabytes:F0} | {row.Error:G3} | {row.Cosine:F6} | {row.Failure?.ReplaceLineEndings(" ")} |");
        _lines.Add(line);
        Tell(line);
        Write();
    }

    public void AddTorch(string line)
    {
        _torch.Add(line);
        Tell($"PyTorch {line}");
        Write();
    }

    /// <summary>The table of ratios on the console.</summary>
    public void Conclude()
    {
        foreach (string line in Ratios())
        {
            Console.WriteLine(line);
        }
    }

    private void Tell(string line) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_start).TotalSeconds,5:F1} s {line}"));

    private IEnumerable<string> Ratios() => Bounds.Table(_measurements, [.. _torch.Select(TorchPeer.Parse).OfType<TorchRow>()]);

    private void Write()
    {
        Directory.CreateDirectory(folder);
        File.WriteAllLines(Path.Combine(folder, "report.md"),
        [
            $"# {device.Description}", "", $"{DateTime.UtcNow:yyyy-MM-dd}", "",
            "| what | sizes | ms | TFLOP/s | of peak in f32 | GB/s | error | cosine | failure |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- |", .. _lines, "",
            "PyTorch on the same card:", "", .. _torch, "",
            "Both:", "", .. Ratios(),
        ]);
        File.WriteAllText(
            Path.Combine(folder, "report.json"),
            JsonSerializer.Serialize(new { Device = device.Description, device.PeakFlops, Results = _measurements, Torch = _torch }, s_json));
    }
}
