using System.Diagnostics;
using Data2Vec.Training.Logging;

namespace Data2Vec.Cli.Tests.Training;

/// <summary>Several processes that MPICH's mpiexec starts on this machine.</summary>
public sealed class RanksTests : IDisposable
{
    private static readonly string? s_launcher = new[] { "mpiexec.hydra", "mpiexec.mpich", "mpiexec" }.FirstOrDefault(IsMpich);

    private readonly RunFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Two_processes_compute_what_one_computes_and_the_first_alone_prints()
    {
        Assert.SkipWhen(s_launcher is null, "MPICH's mpiexec is not installed (apt-get install mpich)");
        string[] command = ["pretrain", _files["speech.json"], "--data", _files.Recordings(12), "--set", "updates=20", "--set", "batch.items=2", "--threads", "1", "-o"];
        (int code, string output, string error) = Run(s_launcher, ["-n", "2", "dotnet", Path.Combine(AppContext.BaseDirectory, "Data2Vec.Cli.dll"), .. command, _files["two"]]);
        Assert.True(code == 0, error);
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        (code, _, error) = CommandLine.Run([.. command, _files["one"], "--set", "batch.accumulate=2"]);
        Assert.True(code == 0, error);
        IReadOnlyList<TrainingLogEntry> two = TrainingLog.Read(_files["two/log.jsonl"]), one = TrainingLog.Read(_files["one/log.jsonl"]);
        Assert.Equal(20, one.Count);
        Assert.Equal(one.Select(entry => entry.Values["sample_size"]), two.Select(entry => entry.Values["sample_size"]));
        foreach ((TrainingLogEntry first, TrainingLogEntry second) in one.Zip(two))
        {
            foreach (string name in new[] { "loss", "gnorm", "target_var", "pred_var" })
            {
                Assert.Equal(first.Values[name], second.Values[name], 1e-6 * Math.Max(1, first.Values[name]));
            }
        }
    }

    private static bool IsMpich(string launcher)
    {
        try
        {
            return Run(launcher, ["--version"]).Output.Contains("HYDRA", StringComparison.Ordinal);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Output, string Error) Run(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(3)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end");
        }

        return (process.ExitCode, output.Result, error.Result);
    }
}
