using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Data2Vec.GpuCheck;
using Data2Vec.Kernels.Gpu;

// gpu-check [device] [folder]: measures a device, cuda where none is named, and writes report.json and report.md. Ends with 1 where
// something could not be measured, or differs too much from what the processor gives.
string name = args.ElementAtOrDefault(0) ?? "cuda", folder = args.ElementAtOrDefault(1) ?? ".";
GpuDevice device;
GpuBackend opened;
try
{
    device = GpuDevices.Find(name);
    opened = device.Open();
}
catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

using GpuBackend backend = opened;
Console.WriteLine(device.Description);
var measurements = new Measurements(device, backend);
var results = new List<Measurement>();
var report = new StringBuilder();
report.AppendLine(CultureInfo.InvariantCulture, $"# {device.Description}\n\n{DateTime.UtcNow:yyyy-MM-dd}, single precision\n");
report.AppendLine("| what | sizes | ms | TFLOP/s | of peak | GB/s | error | failure |\n| --- | --- | --- | --- | --- | --- | --- | --- |");
string torch = "not measured";
try
{
    foreach (Measurement result in measurements.Operations().Concat(measurements.Accuracy()).Concat(measurements.Encoders()))
    {
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"| {result.Group} | {result.Name} | {(double.IsNaN(result.Milliseconds) ? "" : $"{result.Milliseconds:G4}")} | {result.Teraflops:F2} | {result.ShareOfPeak:P0} | {result.Gigabytes:F0} | {result.Error:G3} | {result.Failure?.ReplaceLineEndings(" ")} |");
        Console.WriteLine(line);
        report.AppendLine(line);
        results.Add(result);
    }

    torch = await Torch();
}
finally
{
    report.AppendLine().AppendLine("PyTorch on the same card:").AppendLine().AppendLine(torch);
    Directory.CreateDirectory(folder);
    File.WriteAllText(Path.Combine(folder, "report.md"), report.ToString());
    var options = new JsonSerializerOptions { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
    File.WriteAllText(
        Path.Combine(folder, "report.json"),
        JsonSerializer.Serialize(new { Device = device.Description, device.PeakFlops, Results = results, Torch = torch.Split('\n') }, options));
}

return results.Exists(result => result.Failure is not null) ? 1 : 0;

// The same sizes in PyTorch, where there is a Python that has it.
static async Task<string> Torch()
{
    try
    {
        using Process python = Process.Start(new ProcessStartInfo("python3", [Path.Combine(AppContext.BaseDirectory, "torch_peer.py")]) { RedirectStandardOutput = true })!;
        string said = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        return python.ExitCode == 0 ? said.TrimEnd() : "not measured: python3 has no torch that finds the card";
    }
    catch (System.ComponentModel.Win32Exception)
    {
        return "not measured: there is no python3";
    }
}
