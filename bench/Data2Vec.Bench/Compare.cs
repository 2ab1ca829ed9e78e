using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Bench.Peers;
using Data2Vec.Kernels;

namespace Data2Vec.Bench;

/// <summary>
/// <c>compare</c>: compares the engine with ONNX Runtime on the same weights, alternating in one process, and with libtorch in another process that runs
/// when it is told to. Then measures the time from process start to the first embedding, and the peak memory, each in a separate process.
/// </summary>
internal static class Compare
{
    private const int Rounds = 7;
    private const int Pause = 50;
    private const double LeastCosine = 0.995;

    public static int Run(string[] arguments)
    {
        var model = new Option<string?>("--model") { Description = "Only audio, text, minilm, vision, vit or vgg" };
        model.AcceptOnlyFromAmong("audio", "text", "minilm", "vision", "vit", "vgg");
        var name = new Option<string?>("--only") { Description = "Only workloads whose name starts with this" };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var type = new Option<string>("--dtype") { DefaultValueFactory = _ => "f32", Description = "The number format of the engine's weights" };
        type.AcceptOnlyFromAmong("f32", "bf16", "i8");
        var outliers = new Option<bool>(RandomModel.OutliersOption) { Description = "Random models some of whose features are tens of times larger than the rest" };
        var torch = new Option<string?>("--torch") { Description = "A command that runs Data2Vec.TorchPeer, to run libtorch in turns, in f32 and bf16" };
        var json = new Option<string?>("--json") { Description = "The file for the results" };
        var command = new RootCommand("Compare the engine with ONNX Runtime and libtorch") { model, name, threads, type, outliers, torch, json };
        command.SetAction(parsed =>
        {
            RandomModel.HasOutliers = parsed.GetValue(outliers);
            ElementType weights = Enum.Parse<ElementType>(parsed.GetRequiredValue(type), ignoreCase: true);
            int count = parsed.GetValue(threads);
            Workload[] workloads = [.. CpuWorkloads.All
                .Where(workload => parsed.GetValue(model) is not { } kind || workload.Model == kind)
                .Where(workload => parsed.GetValue(name) is not { } start || workload.Name.StartsWith(start, StringComparison.Ordinal))];
            double peak = Peak.GigaflopsPerThread() * count;
            var comparisons = new JsonArray();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{parsed.GetValue(type)} against ONNX Runtime's f32, {count} threads, peak {peak:F0} GFLOP/s of f32 multiply-adds"));
            if (parsed.GetValue(torch) is null)
            {
                Console.WriteLine("libtorch is not measured. Build bench/Data2Vec.TorchPeer, and add --torch bench/Data2Vec.TorchPeer/run-in-debian13.");
            }

            Console.WriteLine(
                "| workload | engine | ONNX Runtime | ratio | GFLOP/s | of peak | difference | ONNX Runtime i8 | ratio | difference "
                + "| libtorch | ratio | difference | libtorch bf16 | ratio | difference |");
            Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
            foreach (Workload workload in workloads)
            {
                comparisons.Add((JsonNode)Speed(workload, weights, count, peak, parsed.GetValue(torch)));
            }

            Console.WriteLine();
            Console.WriteLine("| workload | first embedding | ONNX Runtime | ratio | peak memory | ONNX Runtime | ratio |");
            Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
            foreach (Workload workload in workloads.GroupBy(workload => workload.Model).SelectMany(group => new[] { group.First(), group.Last() }.Distinct()))
            {
                foreach (JsonNode figure in StartAndMemory(workload, weights, count))
                {
                    comparisons.Add(figure);
                }
            }

            if (parsed.GetValue(json) is { } path)
            {
                File.WriteAllText(path, new JsonObject { ["threads"] = count, ["dtype"] = parsed.GetValue(type), ["peak_gflops"] = peak, ["comparisons"] = comparisons }
                    .ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            }
        });
        return command.Parse(arguments).Invoke();
    }

    /// <summary>The child process of <see cref="StartAndMemory"/>: computes one embedding and prints time and memory.</summary>
    public static void RunAlone(string engine, string workloadName, string type, string threads, string[] options)
    {
        RandomModel.HasOutliers = options.Contains(RandomModel.OutliersOption);
        Workload workload = CpuWorkloads.All.Single(workload => workload.Name == workloadName);
        int count = int.Parse(threads, CultureInfo.InvariantCulture);
        if (engine == "onnx")
        {
            using var peer = new OnnxPeer(workload, OnnxGraph.Provide(workload)!, count);
            peer.Run(wanted: true);
            Report();
        }
        else
        {
            using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(Enum.Parse<ElementType>(type)), new ModelOptions { Threads = count });
            workload.Run(model);
            Report();
        }

        static void Report()
        {
            using Process process = Process.GetCurrentProcess();
            double milliseconds = (DateTime.Now - process.StartTime).TotalMilliseconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{milliseconds:F1} {process.PeakWorkingSet64 / 1e6:F1}"));
        }
    }

    private static JsonObject Speed(Workload workload, ElementType type, int threads, double peak, string? torchCommand)
    {
        using var peer = new OnnxPeer(workload, OnnxGraph.Provide(workload)!, threads);
        using OnnxPeer? quantized = type == ElementType.I8 && OnnxGraph.Provide(workload, quantized: true) is { } graph ? new OnnxPeer(workload, graph, threads) : null;
        using TorchInference? torch = torchCommand is null ? null : TorchInference.Start(torchCommand, workload, threads);
        using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(type), new ModelOptions { Threads = threads });
        float[] expected = peer.Run(wanted: true), actual = workload.HiddenStates(model);
        double difference = Difference(expected, actual);
        if (TensorPrimitives.CosineSimilarity<float>(expected, actual) < LeastCosine)
        {
            throw new InvalidOperationException($"{workload}: the results differ; relative difference {difference}.");
        }

        workload.Run(model);
        peer.Run(wanted: false);
        quantized?.Run(wanted: false);
        double[]? torchDifferences = torch is null ? null : [.. new[] { false, true }.Select(bf16 => Difference(expected, torch.Run(bf16, wanted: true).HiddenStates))];
        double[] ours = new double[Rounds], theirs = new double[Rounds], bytes = new double[Rounds], torchFloats = new double[Rounds], torchHalves = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            ours[i] = Milliseconds(() => workload.Run(model));
            theirs[i] = Milliseconds(() => peer.Run(wanted: false));
            bytes[i] = quantized is null ? 0 : Milliseconds(() => quantized.Run(wanted: false));
            torchFloats[i] = InTorch(bf16: false);
            torchHalves[i] = InTorch(bf16: true);
        }

        double mine = Median(ours), other = Median(theirs), rate = workload.Flops / mine / 1e6;
        Console.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"| {workload} | {mine:F0} ms | {other:F0} ms | {mine / other:F2} | {rate:F0} | {100 * rate / peak:F0} % | {difference:0.0e+0} |"));
        var figures = new JsonObject
        {
            ["name"] = workload.Name,
            ["ratio"] = mine / other,
            ["milliseconds"] = mine,
            ["onnxruntime_milliseconds"] = other,
            ["gflops"] = rate,
            ["share_of_peak"] = rate / peak,
            ["relative_difference"] = difference,
        };
        if (quantized is not null)
        {
            Add("onnxruntime_i8", bytes, Difference(expected, quantized.Run(wanted: true)));
        }
        else
        {
            Console.Write(" | | |");
        }

        if (torchDifferences is not null)
        {
            Add("libtorch", torchFloats, torchDifferences[0]);
            Add("libtorch_bf16", torchHalves, torchDifferences[1]);
        }
        else
        {
            Console.Write(" | | | | | |");
        }

        Console.WriteLine();
        return figures;

        double InTorch(bool bf16)
        {
            if (torch is null)
            {
                return 0;
            }

            Thread.Sleep(Pause);
            return torch.Run(bf16, wanted: false).Milliseconds;
        }

        void Add(string name, double[] times, double difference)
        {
            double milliseconds = Median(times);
            Console.Write(string.Create(CultureInfo.InvariantCulture, $" {milliseconds:F0} ms | {mine / milliseconds:F2} | {difference:0.0e+0} |"));
            figures[$"{name}_milliseconds"] = milliseconds;
            figures[$"ratio_to_{name}"] = mine / milliseconds;
            figures[$"{name}_relative_difference"] = difference;
        }
    }

    private static IEnumerable<JsonObject> StartAndMemory(Workload workload, ElementType type, int threads)
    {
        (double Start, double Memory) ours = Alone("engine"), theirs = Alone("onnx");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {workload} | {ours.Start:F0} ms | {theirs.Start:F0} ms | {ours.Start / theirs.Start:F2} | {ours.Memory:F0} MB | {theirs.Memory:F0} MB | {ours.Memory / theirs.Memory:F2} |"));
        yield return new JsonObject { ["name"] = $"{workload.Name} first embedding", ["ratio"] = ours.Start / theirs.Start };
        yield return new JsonObject { ["name"] = $"{workload.Name} peak memory", ["ratio"] = ours.Memory / theirs.Memory };

        // The median of three runs: the first may read the file from disk.
        (double Start, double Memory) Alone(string engine)
        {
            (double Start, double Memory)[] runs = [.. Enumerable.Range(0, 3).Select(_ => Once(engine)).OrderBy(run => run.Item1)];
            return (runs[1].Start, runs.Max(run => run.Memory));
        }

        (double Start, double Memory) Once(string engine)
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!, [.. Program(), "alone", engine, workload.Name, type.ToString(), threads.ToString(CultureInfo.InvariantCulture), .. RandomModel.Options])
            {
                RedirectStandardOutput = true,
            };
            using Process process = Process.Start(start)!;
            string[] figures = process.StandardOutput.ReadToEnd().Trim().Split(' ');
            process.WaitForExit();
            return (double.Parse(figures[0], CultureInfo.InvariantCulture), double.Parse(figures[1], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>What comes first when this program is run by the dotnet command.</summary>
    private static string[] Program() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "Data2Vec.Bench.dll")] : [];

    private static double Difference(float[] expected, float[] actual)
    {
        if (expected.Length != actual.Length)
        {
            throw new InvalidOperationException($"{expected.Length} numbers from the peer, {actual.Length} from the engine.");
        }

        double error = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow((double)expected[i] - actual[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(error / size);
    }

    private static double Milliseconds(Action run)
    {
        // The other engine's threads spin for a while after their work. The pause must stay short: a system that reclaims idle mapped pages would
        // fault in all weights again.
        Thread.Sleep(Pause);
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
