using System.Diagnostics;
using System.Text.Json.Nodes;
using Data2Vec.Training.Data;
using Data2Vec.Training.Exchange;
using Data2Vec.Training.Logging;
using Data2Vec.Training.Network;
using Data2Vec.Training.State;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Runs;

/// <summary>What a run is about, beside its trainer.</summary>
internal sealed record RunPlan
{
    public required JsonObject Recipe { get; init; }

    public required ModelConfig Model { get; init; }

    /// <summary>Files that belong to the model, such as those of the tokenizer.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    public required ulong Seed { get; init; }

    public required long Updates { get; init; }

    /// <summary>The micro-batches of an update.</summary>
    public required int Accumulate { get; init; }

    public required DataFingerprint Data { get; init; }

    /// <summary>What messages call an item of the data.</summary>
    public required Func<int, string> NameOf { get; init; }

    /// <summary>The updates between two validations; 0 for none.</summary>
    public long ValidateEvery { get; init; }

    /// <summary>Measures the model; null without validation.</summary>
    public Func<CancellationToken, (string Metric, IReadOnlyDictionary<string, double> Values, bool HigherIsBetter)>? Validate { get; init; }
}

/// <summary>
/// Makes the updates of a run, and saves its state every few minutes, at the end and when it is cancelled. A run whose state is in the folder goes on as if it had
/// never stopped: nothing random has a state, and the order of the data follows from the seed.
/// </summary>
/// <typeparam name="TBatch">A micro-batch.</typeparam>
internal sealed class TrainingLoop<TBatch>(ITrainer<TBatch> trainer, RunPlan plan, RunOptions options, IProgress<RunReport>? progress)
    where TBatch : IMicroBatch
{
    private readonly RunWarnings _warnings = new();
    private BatchPosition _position;
    private double? _best;
    private IReadOnlyDictionary<string, double>? _measured;

    private bool IsMain => options.Exchange.Rank == 0;

    /// <summary>Runs to the end of the recipe.</summary>
    /// <param name="open">Reads micro-batches from a place in the data.</param>
    /// <param name="cancellation">Ends the run after the current update; the state is saved.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled; it can be continued.</exception>
    public async Task<RunOutcome> RunAsync(
        Func<BatchPosition, CancellationToken, IAsyncEnumerable<(TBatch? Batch, BatchPosition Next)>> open, CancellationToken cancellation)
    {
        options.Exchange.AgreeOn("recipe", System.Text.Encoding.UTF8.GetBytes(plan.Recipe.ToJsonString()));
        options.Exchange.AgreeOn("data", System.Text.Encoding.UTF8.GetBytes(plan.Data.ToString()));
        if (!options.IsTrial)
        {
            Directory.CreateDirectory(options.Folder);
            Resume();
        }

        using TrainingLog? log = IsMain && !options.IsTrial ? TrainingLog.Open(PathOf(RunFiles.Log), trainer.Updates) : null;
        UpdateResult? last = null;
        try
        {
            await foreach ((UpdateResult result, BatchPosition next) in UpdatesAsync(open, cancellation).ConfigureAwait(false))
            {
                last = result;
                Log(log, result);
                if (options.PauseAfter <= trainer.Updates)
                {
                    Save();
                    return new RunOutcome(trainer.Updates, last, _best, null) { Parameters = CountParameters() };
                }
            }
        }
        catch (OperationCanceledException)
        {
            Save();
            throw;
        }

        Save();
        string model = PathOf(RunFiles.Model);
        if (IsMain && !options.IsTrial)
        {
            WriteModel(model);
        }

        return new RunOutcome(trainer.Updates, last, _best, model) { Parameters = CountParameters() };
    }

    private async IAsyncEnumerable<(UpdateResult Result, BatchPosition Next)> UpdatesAsync(
        Func<BatchPosition, CancellationToken, IAsyncEnumerable<(TBatch? Batch, BatchPosition Next)>> open,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        if (trainer.Updates >= plan.Updates)
        {
            yield break;
        }

        var micro = new List<TBatch>();
        int read = 0;
        var saved = Stopwatch.StartNew();
        var speed = new RunSpeed();

        // Several processes end together, after an update that all have made; one that left a batch early would let the others wait.
        CancellationToken reading = options.Exchange.Count > 1 ? CancellationToken.None : cancellation;
        await foreach ((TBatch? batch, BatchPosition next) in open(_position, reading).ConfigureAwait(false))
        {
            if (batch is not null)
            {
                micro.Add(batch);
            }

            if (++read < (options.IsTrial ? 1 : plan.Accumulate))
            {
                continue;
            }

            long epoch = _position.Epoch;
            UpdateResult result = Update(micro);
            _position = next;
            speed.Stop(result.Rows);
            micro.Clear();
            read = 0;
            Validation? validation = Validate(epoch, next, cancellation);
            progress?.Report(new RunReport
            {
                Update = result,
                Updates = plan.Updates,
                Epoch = epoch,
                RowsPerSecond = speed.RowsPerSecond,
                Left = speed.TimeFor(plan.Updates - trainer.Updates),
                Validation = validation,
                Warning = _warnings.After(result, validation, plan.Updates),
            });
            if (saved.Elapsed >= options.SaveEvery)
            {
                Save();
                saved.Restart();
            }

            yield return (result, next);
            if (trainer.Updates >= plan.Updates)
            {
                yield break;
            }

            if (IsCancelled(cancellation))
            {
                throw new OperationCanceledException(cancellation);
            }

            speed.Start();
        }
    }

    /// <summary>Makes an update. If its gradient is not finite, nothing has changed; the state is saved, and the error names the items.</summary>
    private UpdateResult Update(List<TBatch> micro)
    {
        try
        {
            return trainer.Update(micro);
        }
        catch (ArithmeticException error)
        {
            const int Named = 5;
            Save();
            int[] items = [.. micro.SelectMany(batch => batch.Items).Select(item => (int)item)];
            string names = string.Join(", ", items.Take(Named).Select(plan.NameOf)), more = items.Length > Named ? $" and {items.Length - Named} more" : "";
            throw new InvalidDataException($"{error.Message}; its items are {names}{more}. A lower learning rate or clipping helps; the state before it is saved", error);
        }
    }

    /// <summary>Whether any process was cancelled.</summary>
    private bool IsCancelled(CancellationToken cancellation)
    {
        double[] cancelled = [cancellation.IsCancellationRequested ? 1 : 0];
        options.Exchange.Sum(cancelled);
        return cancelled[0] > 0;
    }

    private Validation? Validate(long epoch, BatchPosition next, CancellationToken cancellation)
    {
        _measured = null;
        bool isDue = plan.Validate is not null
            && (trainer.Updates >= plan.Updates || (plan.ValidateEvery > 0 ? trainer.Updates % plan.ValidateEvery == 0 : next.Epoch != epoch));
        if (!isDue || !IsMain || options.IsTrial)
        {
            return null;
        }

        (string metric, IReadOnlyDictionary<string, double> values, bool higherIsBetter) = plan.Validate!(options.Exchange.Count > 1 ? CancellationToken.None : cancellation);
        double value = values[metric];
        bool isBest = _best is not { } best || (higherIsBetter ? value > best : value < best);
        if (isBest)
        {
            _best = value;
            WriteModel(PathOf(RunFiles.Best));
        }

        _measured = values;
        return new Validation(metric, values, isBest);
    }

    private void Log(TrainingLog? log, UpdateResult result)
    {
        List<(string, double)> values =
        [
            ("loss", result.Loss), ("sample_size", result.SampleSize), ("lr", result.Rate), ("gnorm", result.GradientNorm), ("clip", result.ClipFactor < 1 ? 1 : 0),
        ];
        if (trainer.Teacher is not null)
        {
            values.AddRange([("ema_decay", result.TeacherDecay), ("target_var", result.TargetDeviation), ("pred_var", result.PredictionDeviation)]);
        }

        values.AddRange(_measured?.Select(pair => ($"valid_{pair.Key}", pair.Value)) ?? []);
        log?.Append(trainer.Updates, values);
    }

    private void Resume()
    {
        string path = PathOf(TrainingState.FileName);
        if (options.Restart && IsMain)
        {
            // What is left of the other run would pass for the new one's.
            foreach (string name in new[] { TrainingState.FileName, RunFiles.Model, RunFiles.Best })
            {
                File.Delete(PathOf(name));
            }
        }

        if (options.Restart || !File.Exists(path))
        {
            return;
        }

        using TrainingState state = OpenState(path);
        TrainingProgress before = state.Progress;
        List<string> differences = [.. RecipeDifferences.Find(before.Recipe, plan.Recipe)];
        if (plan.Data.DifferenceFrom(before.Data) is { } difference)
        {
            differences.Add(difference);
        }

        if (differences.Count > 0)
        {
            throw new InvalidDataException(
                $"{options.Folder} has a run that was begun with another recipe or other data: {string.Join("; ", differences)}. "
                + "Continue it with its own, begin again with RunOptions.Restart, or choose another folder");
        }

        state.Restore(Parameters(), Buffers());
        trainer.Adam.Restore([.. trainer.Student.Places.Select(place => before.AdamSteps.GetValueOrDefault(place.Parameter.Name))]);
        trainer.Updates = before.Update;
        trainer.Refresh();
        _position = new BatchPosition(before.Epoch, (int)before.Batch);
        _best = before.BestMetric;
    }

    private static TrainingState OpenState(string path)
    {
        try
        {
            return TrainingState.Open(path);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{error.Message}; or begin the run again with RunOptions.Restart", error);
        }
    }

    private void Save()
    {
        if (!IsMain || options.IsTrial)
        {
            return;
        }

        long[] steps = trainer.Adam.Steps.ToArray();
        TrainingState.Save(
            PathOf(TrainingState.FileName),
            new TrainingProgress
            {
                Recipe = plan.Recipe,
                Model = plan.Model,
                Update = trainer.Updates,
                Epoch = _position.Epoch,
                Batch = _position.Batch,
                Seed = plan.Seed,
                BestMetric = _best,
                Data = plan.Data,
                AdamSteps = trainer.Student.Places.Select((place, i) => (place.Parameter.Name, steps[i])).ToDictionary(),
            },
            Parameters(),
            Buffers(),
            plan.Assets);
    }

    private void WriteModel(string path) => TrainedModel.Write(
        path, plan.Model, Parameters(), ParameterBuffers.AddressOf(trainer.Student.Values), plan.Assets,
        new JsonObject { ["tool"] = "data2vec", ["updates"] = trainer.Updates });

    private long CountParameters() => trainer.Student.Places.Sum(place => place.Parameter.Count);

    private (Parameter Parameter, long Offset)[] Parameters() => [.. trainer.Student.Places.Select(place => (place.Parameter, (long)place.Offset))];

    private TrainingBuffers Buffers()
    {
        ParameterBuffers student = trainer.Student;
        return new TrainingBuffers(
            ParameterBuffers.AddressOf(student.Values),
            trainer.Teacher is { } teacher ? ParameterBuffers.AddressOf(teacher.Values) : 0,
            ParameterBuffers.AddressOf(student.Means),
            ParameterBuffers.AddressOf(student.Squares));
    }

    private string PathOf(string name) => Path.Combine(options.Folder, name);
}
