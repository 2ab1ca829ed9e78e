using System.Diagnostics;

namespace Data2Vec.Bench;

/// <summary>
/// <c>quick [seconds] [threads]</c>: time, share of the peak, loading time and peak memory of the speech encoder in one
/// short run, for the README's table.
/// </summary>
internal static class Quick
{
    public static void Run(string[] arguments)
    {
        int seconds = arguments.Length > 0 ? int.Parse(arguments[0], System.Globalization.CultureInfo.InvariantCulture) : 10;
        int threads = arguments.Length > 1 ? int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        string path = RandomModel.Speech();
        long start = Stopwatch.GetTimestamp();
        using Data2VecModel model = Data2VecModel.Load(path, new ModelOptions { Threads = threads });
        double load = Stopwatch.GetElapsedTime(start).TotalSeconds;
        float[] waveform = SpeechBenchmarks.Waveform(seconds);
        var times = new List<double>();
        for (int i = 0; i < 8; i++)
        {
            start = Stopwatch.GetTimestamp();
            model.EmbedAudio(waveform);
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        double first = times[0];
        times.RemoveAt(0);
        times.Sort();
        double median = times[times.Count / 2];
        double peak = Peak.GigaflopsPerThread() * threads;
        double rate = SpeechBenchmarks.Flops(waveform.Length) / median / 1e9;
        Console.WriteLine($"speech, {seconds} s, {threads} threads: load {load * 1000:F0} ms, first {first * 1000:F0} ms, median {median * 1000:F0} ms, {rate:F1} GFLOP/s, {rate / peak:P0} of {peak:F0}, peak memory {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB");
    }
}
