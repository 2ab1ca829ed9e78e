using System.Diagnostics;
using System.Globalization;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.Schedules;
using Data2Vec.Training.Updates;

namespace Data2Vec.Bench.Training;

/// <summary>Times in milliseconds, and memory in bytes.</summary>
/// <param name="Name">The workload.</param>
/// <param name="Rows">The rows of the batch.</param>
/// <param name="Forward">An inference of these rows, the median.</param>
/// <param name="Update">An update, the median.</param>
/// <param name="Phases">Its phases, the medians.</param>
/// <param name="PeakMemory">The most memory that the process had.</param>
/// <param name="Memory">The memory of the process after each update.</param>
internal sealed record TrainResult(string Name, int Rows, double Forward, double Update, double[] Phases, long PeakMemory, long[] Memory)
{
    /// <summary>How many inferences an update takes.</summary>
    public double Ratio => Update / Forward;

    /// <summary>The growth of the memory over the second half of the updates, as a share.</summary>
    public double Growth => Memory[^1] / (double)Memory[Memory.Length / 2] - 1;
}

/// <summary>Measures updates of pretraining, and in turns with them inferences of the same rows.</summary>
internal static class TrainMeasurement
{
    public static TrainResult Run<T>(TrainWorkload<T> workload, int threads, int updates, bool drops, long? keptBytes)
    {
        var objective = PretrainingObjective.Of(workload.Config.Modality);
        var options = new RecordingOptions { Dropout = drops ? workload.Dropout : DropoutRates.None };
        options = keptBytes is { } bytes ? options with { KeptBytes = bytes } : options;
        var recipe = new OptimizerRecipe
        {
            Schedule = new ConstantSchedule(1e-5, 0),
            Adam = new AdamOptions { Threads = threads },
            ClipNorm = workload.Config.Modality == Modality.Speech ? 0 : 5,
            GroupOf = _ => new ParameterGroup(0.01),
        };
        using var pretrainer = new Pretrainer<T>(
            workload.Config, objective, recipe, new TeacherDecaySchedule(0.999, 0.9999, 30_000), options, new CpuBackend(threads), Initial);
        var clock = new PhaseClock();
        pretrainer.Enter = clock.Enter;
        PretrainingBatch<T> batch = workload.Batch;
        int[] lengths = [.. batch.Inputs.Select(input => pretrainer.Teacher.Encoder.Rows(input.Span))];
        var forward = new double[updates];
        var memory = new long[updates];

        // The first of each compiles code and allocates memory.
        Infer();
        pretrainer.Update([batch]);
        clock.Clear();
        for (int i = 0; i < updates; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Infer();
            forward[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            pretrainer.Update([batch]);
            using var process = Process.GetCurrentProcess();
            memory[i] = process.WorkingSet64;
        }

        return new TrainResult(workload.Name, batch.Mask.Length, Median(forward), clock.Total(), clock.Phases(), PeakMemory(), memory);

        void Infer()
        {
            using Inference run = pretrainer.Teacher.Begin();
            Sequences sequences = run.Sequences(lengths);
            Tensor x = pretrainer.Teacher.Encoder.Embed(run, batch.Inputs, sequences, null, default);
            pretrainer.Teacher.Encoder.Contextualize(run, x, sequences, null, null, default);
        }
    }

    public static double Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);

    private static float[]? Initial(Data2Vec.Parameters.Parameter parameter)
    {
        if (parameter.Name.StartsWith("encoder.", StringComparison.Ordinal) && parameter.Name.EndsWith("relative_position_bias.weight", StringComparison.Ordinal))
        {
            // The layers share one table, as in the published models.
            return null;
        }

        var values = new float[parameter.Count];
        parameter.Initial.Fill(parameter, 1, 0, values);
        return values;
    }

    private static long PeakMemory()
    {
        const string Status = "/proc/self/status", Name = "VmHWM:";
        if (File.Exists(Status) && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) is { } line)
        {
            return 1024 * long.Parse(line[Name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <summary>Measures the phases of updates.</summary>
    private sealed class PhaseClock
    {
        private readonly List<double>[] _times = [.. Enumerable.Range(0, (int)UpdatePhase.Done).Select(_ => new List<double>())];
        private readonly List<double> _updates = [];
        private long _start, _begin;
        private UpdatePhase _phase = UpdatePhase.Done;

        public void Enter(UpdatePhase phase)
        {
            if (_phase == UpdatePhase.Done)
            {
                _begin = Stopwatch.GetTimestamp();
            }
            else
            {
                _times[(int)_phase].Add(Stopwatch.GetElapsedTime(_start).TotalMilliseconds);
            }

            if (phase == UpdatePhase.Done)
            {
                _updates.Add(Stopwatch.GetElapsedTime(_begin).TotalMilliseconds);
            }

            (_phase, _start) = (phase, Stopwatch.GetTimestamp());
        }

        public double[] Phases() => [.. _times.Select(Median)];

        public double Total() => Median(_updates);

        public void Clear()
        {
            Array.ForEach(_times, times => times.Clear());
            _updates.Clear();
        }
    }
}
