using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Training.Pretraining;

namespace Data2Vec.Bench.Training;

/// <summary>
/// <c>train</c>: times an update of pretraining of data2vec base with random weights, and in turns with it an inference of the same rows. Each workload runs
/// in a separate process for its peak memory.
/// </summary>
internal static class TrainCommand
{
    public static int Run(string[] arguments)
    {
        var model = new Option<string>("--model") { DefaultValueFactory = _ => "all", Description = "The model" };
        model.AcceptOnlyFromAmong("speech", "text", "image", "all");
        var seconds = new Option<int[]>("--seconds")
        {
            DefaultValueFactory = _ => [10, 30],
            Description = "The length of each recording; several for several runs",
            AllowMultipleArgumentsPerToken = true,
        };
        var tokens = new Option<int>("--tokens") { DefaultValueFactory = _ => 512, Description = "The length of each text" };
        var count = new Option<int?>("--count") { Description = "The number of recordings, texts or images (default: 1, 1, 4)" };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var updates = new Option<int>("--updates") { DefaultValueFactory = _ => 5, Description = "The number of measured updates" };
        var dropout = new Option<bool>("--dropout") { Description = "Drop features, layers and probabilities at the published rates" };
        var kept = new Option<long?>("--kept") { Description = "The megabytes of activations to keep for the backward pass" };
        var torch = new Option<string?>("--torch") { Description = "A command that runs Data2Vec.TorchPeer, to make the same updates in PyTorch in turns" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new RootCommand("Time updates of pretraining") { model, seconds, tokens, count, threads, updates, dropout, kept, torch, json };
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(model)!;
            int[] lengths = parsed.GetValue(seconds)!;
            if (name == "all" || (name == "speech" && lengths.Length > 1))
            {
                return RunEach(arguments, name, lengths, parsed.GetValue(json));
            }

            int team = parsed.GetValue(threads), measured = parsed.GetValue(updates);
            int? inputs = parsed.GetValue(count);
            bool drops = parsed.GetValue(dropout);
            long? bytes = parsed.GetValue(kept) * 1_000_000;
            string? peer = parsed.GetValue(torch);
            TrainResult result = name switch
            {
                "speech" => TrainMeasurement.Run(TrainWorkloads.Speech(lengths[0], inputs ?? 1), team, measured, drops, bytes, peer),
                "text" => TrainMeasurement.Run(TrainWorkloads.Text(parsed.GetValue(tokens), inputs ?? 1), team, measured, drops, bytes, peer),
                _ => TrainMeasurement.Run(TrainWorkloads.Images(inputs ?? 4), team, measured, drops, bytes, peer),
            };
            if (parsed.GetValue(json))
            {
                Console.WriteLine(ToJson(result, team).ToJsonString());
            }
            else
            {
                Print(result, team);
            }

            return 0;
        });
        return command.Parse(arguments).Invoke();
    }

    /// <summary>Runs each workload in its own process.</summary>
    private static int RunEach(string[] arguments, string model, int[] seconds, bool json)
    {
        string[] rest = [.. Without(Without(arguments, "--model"), "--seconds")];
        var runs = new List<string[]>();
        if (model is "all" or "speech")
        {
            runs.AddRange(seconds.Select(length => (string[])["--model", "speech", "--seconds", length.ToString(CultureInfo.InvariantCulture)]));
        }

        if (model == "all")
        {
            runs.AddRange([["--model", "text"], ["--model", "image"]]);
        }

        if (!json)
        {
            Console.WriteLine($"{Processor()}");
        }

        var results = new JsonArray();
        foreach (string[] run in runs)
        {
            using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["train", .. run, .. rest]) { RedirectStandardOutput = true })!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                return process.ExitCode;
            }

            if (json)
            {
                results.Add(JsonNode.Parse(output));
            }
            else
            {
                Console.Write(output);
            }
        }

        if (json)
        {
            Console.WriteLine(results.ToJsonString());
        }

        return 0;
    }

    /// <summary>Arguments without an option and its values.</summary>
    private static IEnumerable<string> Without(IEnumerable<string> arguments, string option)
    {
        bool skips = false;
        foreach (string argument in arguments)
        {
            skips = argument == option || (skips && !argument.StartsWith('-'));
            if (!skips)
            {
                yield return argument;
            }
        }
    }

    private static void Print(TrainResult result, int threads)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Name}, {result.Rows} rows, {threads} threads: forward {result.Forward:F0} ms, update {result.Update:F0} ms, ratio {result.Ratio:F2}, peak memory {result.PeakMemory / 1e6:F0} MB, growth {100 * result.Growth:F2} %"));
        PrintPhases(result.Phases);
        if (result.Torch is { } torch)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"PyTorch: update {torch.Update:F0} ms, ratio {torch.Ratio:F2} ({torch.Least:F2} to {torch.Most:F2}), losses differ by {torch.LossDifference:0.0e+0}"));
            PrintPhases(torch.Phases);
        }

        void PrintPhases(double[] phases) => Console.WriteLine("  " + string.Join(", ", phases.Select((time, i) => string.Create(
            CultureInfo.InvariantCulture, $"{Words((UpdatePhase)i)} {time:F0} ms ({time / result.Forward:F2})"))));
    }

    private static JsonObject ToJson(TrainResult result, int threads) => new()
    {
        ["processor"] = Processor(),
        ["threads"] = threads,
        ["workload"] = result.Name,
        ["rows"] = result.Rows,
        ["forward_ms"] = result.Forward,
        ["update_ms"] = result.Update,
        ["ratio"] = result.Ratio,
        ["phases_ms"] = new JsonObject(result.Phases.Select((time, i) => KeyValuePair.Create(JsonNamingPolicy.SnakeCaseLower.ConvertName(((UpdatePhase)i).ToString()), (JsonNode?)time))),
        ["peak_memory_bytes"] = result.PeakMemory,
        ["memory_bytes"] = new JsonArray([.. result.Memory.Select(bytes => (JsonNode)bytes)]),
        ["memory_growth"] = result.Growth,
        ["torch_update_ms"] = result.Torch?.Update,
        ["ratio_to_torch"] = result.Torch?.Ratio,
        ["loss_difference"] = result.Torch?.LossDifference,
    };

    private static string Words(UpdatePhase phase) => JsonNamingPolicy.SnakeCaseLower.ConvertName(phase.ToString()).Replace('_', ' ');

    /// <summary>The name of the processor, and its model where the name does not tell it.</summary>
    private static string Processor()
    {
        const string Information = "/proc/cpuinfo";
        string kind = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
        if (!File.Exists(Information))
        {
            return $"{kind}, {Environment.ProcessorCount} processors";
        }

        string[] lines = File.ReadAllLines(Information);
        return $"{Value("model name") ?? kind}, family {Value("cpu family")}, model {Value("model")}, stepping {Value("stepping")}, {Environment.ProcessorCount} processors";

        string? Value(string name) => lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length..].TrimStart().StartsWith(':')) is { } line
            ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            : null;
    }
}
