using Data2Vec.GpuCheck;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Gpu;

// gpu-check [device] [folder]: measures a device (default: cuda) and writes report.json and report.md. Exits with 1 if a measurement fails or differs too much
// from the CPU.
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
var report = new Report(device, folder);
string[] alone = ["audio 10 s", "text 1 x 128", "vision 1"], many = ["audio 10 s x 64", "text 256 x 128", "vision 256"];

// Measurements with bounds come first.
Add(measurements.Operations(ElementType.BF16));
Add(measurements.Encoders(ElementType.BF16, [.. alone, .. many]));
Add(measurements.EncodersAsGraphs(ElementType.BF16, alone));
Add(measurements.Accuracy(ElementType.BF16, many));
foreach (string line in TorchPeer.Run())
{
    report.AddTorch(line);
}

Add(measurements.Operations(ElementType.F16));
Add(measurements.Encoders(ElementType.F16, many));
Add(measurements.Accuracy(ElementType.F16, many));
Add(measurements.AsTf32(many));
Add(measurements.Operations(ElementType.F32));
Add(measurements.Encoders(ElementType.F32, many));
Add(measurements.Accuracy(ElementType.F32, many));
report.Conclude();
return report.IsGood ? 0 : 1;

void Add(IEnumerable<Measurement> rows)
{
    foreach (Measurement row in rows)
    {
        report.Add(row);
    }
}
