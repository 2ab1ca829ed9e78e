using System.Globalization;
using System.Text.Json.Nodes;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Training.Network;

namespace Data2Vec.Bench.Replays;

/// <summary>Repeats recorded runs of fairseq's trainer and prints the largest differences.</summary>
internal static class Replay
{
    /// <param name="args">Folders, <c>--json</c>, <c>--threads N</c>, and <c>--recompute</c> to keep no activations.</param>
    public static int Run(string[] args)
    {
        int threads = ValueOf("--threads") is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : 0;
        RecordingOptions options = args.Contains("--recompute") ? new RecordingOptions { KeptBytes = 0 } : new RecordingOptions();
        string[] folders = [.. args.Where((argument, i) => !argument.StartsWith('-') && (i == 0 || args[i - 1] != "--threads"))];
        if (folders.Length == 0)
        {
            Console.Error.WriteLine("usage: replay FOLDER... [--json] [--threads N] [--recompute]");
            return 2;
        }

        if (folders.FirstOrDefault(folder => !File.Exists(Path.Combine(folder, "cfg.json"))) is { } other)
        {
            Console.Error.WriteLine($"{other}: no cfg.json, so this is not the folder of a recorded run");
            return 1;
        }

        var reports = new JsonArray();
        foreach (string folder in folders)
        {
            using var run = new RunFolder(folder);
            ReplayReport report = run.Config.Get("model", "ema_decay").ValueKind != System.Text.Json.JsonValueKind.Undefined && run.Initial.Config.Labels is null
                ? PretrainingReplay.Run(run, options, new CpuBackend(threads))
                : FineTuningReplay.Run(run, options, new CpuBackend(threads));
            if (args.Contains("--json"))
            {
                reports.Add(report.ToJson());
            }
            else
            {
                report.Print();
            }
        }

        if (args.Contains("--json"))
        {
            Console.WriteLine(reports.ToJsonString());
        }

        return 0;

        string? ValueOf(string option) => Array.IndexOf(args, option) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
    }
}
