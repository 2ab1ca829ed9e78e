using System.Diagnostics;
using System.Globalization;
using Data2Vec.Kernels;

namespace Data2Vec.Bench;

/// <summary>
/// <c>quick [name] [threads] [f32|bf16|i8] [--outliers]</c>: time, share of the peak, loading time and peak memory of the encoders in one short run. The name is
/// the start of the workloads' names. Each workload runs in a separate process for its peak memory.
/// </summary>
internal static class Quick
{
    private const int Runs = 9;

    public static void Run(string[] arguments)
    {
        RandomModel.HasOutliers = arguments.Contains(RandomModel.OutliersOption);
        arguments = [.. arguments.Where(argument => argument != RandomModel.OutliersOption)];
        string name = arguments.Length > 0 ? arguments[0] : "";
        int threads = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        string type = arguments.Length > 2 ? arguments[2] : "f32";
        Workload[] workloads = [.. CpuWorkloads.All.Where(workload => workload.Name.StartsWith(name, StringComparison.Ordinal))];
        if (workloads.Length == 1)
        {
            Measure(workloads[0], threads, Enum.Parse<ElementType>(type, ignoreCase: true));
            return;
        }

        foreach (Workload workload in workloads)
        {
            using Process process = Process.Start(Environment.ProcessPath!, ["quick", workload.Name, threads.ToString(CultureInfo.InvariantCulture), type, .. RandomModel.Options]);
            process.WaitForExit();
        }
    }

    private static void Measure(Workload workload, int threads, ElementType type)
    {
        string path = workload.ModelPath(type);
        long start = Stopwatch.GetTimestamp();
        using Data2VecModel model = Data2VecModel.Load(path, new ModelOptions { Threads = threads });
        double load = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        var times = new double[Runs];
        for (int i = 0; i < Runs; i++)
        {
            start = Stopwatch.GetTimestamp();
            workload.Run(model);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        double first = times[0];
        Array.Sort(times);
        double median = times[Runs / 2];
        double peak = Peak.GigaflopsPerThread() * threads;
        double rate = workload.Flops / median / 1e6;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{workload.Name}, {threads} threads: load {load:F0} ms, first {first:F0} ms, least {times[0]:F0} ms, median {median:F0} ms, {rate:F0} GFLOP/s, {100 * rate / peak:F0} % of {peak:F0}, peak memory {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB"));
    }
}
