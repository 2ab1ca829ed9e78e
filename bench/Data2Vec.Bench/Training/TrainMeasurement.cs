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
/// <param name="Torch">The same updates in PyTorch, if it was asked for.</param>
internal sealed record TrainResult(string Name, int Rows, double Forward, double Update, double[] Phases, long PeakMemory, long[] Memory, TorchResult? Torch)
{
    /// <summary>How many inferences an update takes.</summary>
    public double Ratio => Update / Forward;

    /// <summary>The growth of the memory over the second half of the updates, as a share.</summary>
    public double Growth => Memory[^1] / (double)Memory[Memory.Length / 2] - 1;
}

/// <summary>Updates of the engine and of PyTorch, in turns.</summary>
/// <param name="Update">An update of PyTorch in milliseconds, the median.</param>
/// <param name="Phases">Its phases, the medians. PyTorch has none after the optimizer.</param>
/// <param name="Ratio">The engine's time over PyTorch's, the median of the turns.</param>
/// <param name="Least">The least ratio.</param>
/// <param name="Most">The largest ratio.</param>
/// <param name="LossDifference">The largest relative difference of a loss.</param>
internal sealed record TorchResult(double Update, double[] Phases, double Ratio, double Least, double Most, double LossDifference);

/// <summary>Measures updates of pretraining, and in turns with them inferences of the same rows.</summary>
internal static class TrainMeasurement
{
    /// <summary>A pause before each update of an engine: the other's threads spin for a while after their work.</summary>
    private const int Pause = 50;

    public static TrainResult Run<T>(TrainWorkload<T> workload, int threads, int updates, bool drops, long? keptBytes, string? torchCommand)
        where T : unmanaged
    {
        if (drops && torchCommand is not null)
        {
            throw new ArgumentException("PyTorch is compared without dropout.", nameof(drops));
        }

        var objective = PretrainingObjective.Of(workload.Config.Modality);
        var options = new RecordingOptions { Dropout = drops ? workload.Dropout : DropoutRates.None };
        options = keptBytes is { } bytes ? options with { KeptBytes = bytes } : options;
        var recipe = new OptimizerRecipe
        {
            Schedule = new ConstantSchedule(1e-5, 0),
            Adam = new AdamOptions { Threads = threads, Variant = torchCommand is null ? AdamVariant.Fairseq : AdamVariant.PyTorch },
            ClipNorm = workload.Config.Modality == Modality.Speech ? 0 : 5,
            GroupOf = _ => new ParameterGroup(0.01),
        };
        using var pretrainer = new Pretrainer<T>(
            workload.Config, objective, recipe, new TeacherDecaySchedule(0.999, 0.9999, 30_000), options, new CpuBackend(threads), Initial);
        var clock = new PhaseClock();
        pretrainer.Enter = clock.Enter;
        PretrainingBatch<T> batch = workload.Batch;
        int[] lengths = [.. batch.Inputs.Select(input => pretrainer.Teacher.Encoder.Rows(input.Span))];
        using TorchPeer? peer = torchCommand is null ? null : TorchPeer.Start(torchCommand, pretrainer, objective, batch, threads, recipe.ClipNorm);
        var turns = new List<(double[] Phases, double LossDifference)>();
        var forward = new double[updates];
        var memory = new long[updates];

        // The first of each compiles code and allocates memory.
        Infer();
        Update();
        clock.Clear();
        for (int i = 0; i < updates; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Infer();
            forward[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            Update();
            using var process = Process.GetCurrentProcess();
            memory[i] = process.WorkingSet64;
        }

        return new TrainResult(workload.Name, batch.Mask.Length, Median(forward), Median(clock.Updates), clock.Phases(), PeakMemory(), memory, peer is null ? null : Compare());

        void Update()
        {
            Thread.Sleep(Pause);
            UpdateResult ours = pretrainer.Update([batch]);
            if (peer is not null)
            {
                Thread.Sleep(Pause);
                (double loss, double[] phases) = peer.Update(ours.TeacherDecay);
                turns.Add((phases, Math.Abs(loss * ours.SampleSize / ours.LossSum - 1)));
            }
        }

        TorchResult Compare()
        {
            double[][] phases = [.. turns.Skip(1).Select(turn => turn.Phases)];
            double[] times = [.. phases.Select(turn => turn.Sum())], ratios = [.. clock.Updates.Zip(times, (ours, theirs) => ours / theirs)];
            double[] medians = [.. Enumerable.Range(0, phases[0].Length).Select(i => Median(phases.Select(turn => turn[i])))];
            return new TorchResult(Median(times), medians, Median(ratios), ratios.Min(), ratios.Max(), turns.Max(turn => turn.LossDifference));
        }

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

        public IReadOnlyList<double> Updates => _updates;

        public void Clear()
        {
            Array.ForEach(_times, times => times.Clear());
            _updates.Clear();
        }
    }
}
