using Data2Vec.Training.Metrics;
using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Schedules;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Pretraining;

/// <summary>
/// A student that learns to predict, from masked inputs, what its own moving average makes of the whole inputs (Baevski et al. 2022). One call of
/// <see cref="Update"/> is one update, in the order of fairseq's trainer.
/// </summary>
/// <typeparam name="T">Samples, token ids or pixels.</typeparam>
internal sealed class Pretrainer<T> : ITrainer<PretrainingBatch<T>>
{
    private readonly PretrainingObjective _objective;
    private readonly TeacherDecaySchedule _decay;
    private readonly TeacherAverage _average;
    private readonly NetworkOptimizer _optimizer;
    private readonly RecordingOptions _options;
    private readonly PretrainingHead _head;
    private readonly FeatureDeviation _targetDeviation, _predictionDeviation;

    /// <summary>Creates student and teacher.</summary>
    /// <param name="config">The encoder's structure.</param>
    /// <param name="objective">What is predicted.</param>
    /// <param name="optimizer">How parameters change.</param>
    /// <param name="decay">How slowly the teacher follows.</param>
    /// <param name="options">Dropout and memory; the update is set by each update.</param>
    /// <param name="backend">The processor.</param>
    /// <param name="values">The values to start from.</param>
    /// <param name="shapes">The shapes in which they are stored, where some dimensions may be 1.</param>
    public Pretrainer(
        ModelConfig config, PretrainingObjective objective, OptimizerRecipe optimizer, TeacherDecaySchedule decay, RecordingOptions options, Backend backend,
        Func<Parameter, float[]?> values, Func<Parameter, IReadOnlyList<int>>? shapes = null)
    {
        if (objective.TopLayers < 1 || objective.TopLayers > config.Layers)
        {
            throw new ArgumentException($"The targets are the top {objective.TopLayers} layers, but the model has {config.Layers}.", nameof(objective));
        }

        (_objective, _decay, _options) = (objective, decay, options with { Layers = config.Layers });
        PretrainingHead? head = null;
        Student = new TrainableNetwork<T>(config, scope => head = new PretrainingHead(scope, objective, config.HiddenSize), backend, values, learns: true, shapes);
        _head = head!;
        Teacher = new TrainableNetwork<T>(config, scope => _ = new PretrainingHead(scope, objective, config.HiddenSize), backend, values, learns: false, shapes);

        // What the teacher does not have of its own is copied, so that it is a whole model when it is saved.
        _average = new TeacherAverage(Teacher.Buffers.Ranges(), name => !objective.TeacherHas(name) || objective.IsCopied(name));
        _optimizer = new NetworkOptimizer(Student.Buffers, optimizer);
        _targetDeviation = new FeatureDeviation(config.HiddenSize);
        _predictionDeviation = new FeatureDeviation(config.HiddenSize);
    }

    public TrainableNetwork<T> Student { get; }

    public TrainableNetwork<T> Teacher { get; }

    public Adam Adam => _optimizer.Adam;

    /// <summary>The updates that were made.</summary>
    public long Updates { get; set; }

    ParameterBuffers ITrainer<PretrainingBatch<T>>.Student => Student.Buffers;

    ParameterBuffers? ITrainer<PretrainingBatch<T>>.Teacher => Teacher.Buffers;

    /// <summary>What the processes of a run add up.</summary>
    public UpdateSums Sums { get; init; } = new();

    /// <summary>Is told when each phase of an update begins.</summary>
    public Action<UpdatePhase>? Enter { get; set; }

    public void Refresh()
    {
        Student.Refresh();
        Teacher.Refresh();
    }

    /// <summary>Makes one update.</summary>
    /// <param name="batches">Its micro-batches. Masked rows of all of them count alike.</param>
    public UpdateResult Update(IReadOnlyList<PretrainingBatch<T>> batches)
    {
        Enter?.Invoke(UpdatePhase.TeacherAverage);
        double decay = MoveTeacher();
        _targetDeviation.Clear();
        _predictionDeviation.Clear();
        Student.Buffers.ClearGradients();
        double loss = 0;
        long samples = 0, rows = 0;
        foreach (PretrainingBatch<T> batch in batches)
        {
            loss += Accumulate(batch);
            samples += batch.Mask.Count(isMasked => isMasked);
            rows += batch.Mask.Length;
        }

        Sums.AddUp(Student.Buffers, ref loss, ref samples, ref rows, _targetDeviation.Sums, _predictionDeviation.Sums);
        Enter?.Invoke(UpdatePhase.Optimizer);
        UpdateResult result = _optimizer.Step(Updates, loss, samples, rows);
        Enter?.Invoke(UpdatePhase.Refresh);
        Student.Refresh();
        Enter?.Invoke(UpdatePhase.Done);
        Updates++;
        return result with { TeacherDecay = decay, TargetDeviation = _targetDeviation.Value(), PredictionDeviation = _predictionDeviation.Value() };
    }

    public void Dispose()
    {
        Student.Dispose();
        Teacher.Dispose();
    }

    /// <summary>Runs a micro-batch forward and backward, and adds to the gradients.</summary>
    /// <returns>The sum of the losses.</returns>
    private double Accumulate(PretrainingBatch<T> batch)
    {
        Enter?.Invoke(UpdatePhase.Embed);
        int[] lengths = [.. batch.Inputs.Select(input => Student.Encoder.Rows(input.Span))];
        int features = Student.Config.HiddenSize;
        int[] masked = [.. Enumerable.Range(0, batch.Mask.Length).Where(row => batch.Mask[row])];
        if (masked.Length == 0)
        {
            return 0; // A few short texts may have no masked token.
        }

        using Recording run = Student.Record(_options with { Update = Updates });
        Sequences sequences = run.Sequences(lengths);
        run.SetItems(sequences, [.. batch.Items]);
        Tensor x = Student.Encoder.Embed(run, batch.Masked, sequences, null, default);
        Enter?.Invoke(UpdatePhase.Teacher);
        float[] targets = Select(MakeTargets(run, x, batch, lengths), masked, features);
        Enter?.Invoke(UpdatePhase.Student);
        x = _head.Mask is { } vector ? run.ReplaceRows(x, masked, vector) : x;
        x = Student.Encoder.Contextualize(run, x, sequences, null, null, default);
        Tensor prediction = _head.Predict(run, run.SelectRows(x, masked));
        float[] predicted = new float[targets.Length], gradient = new float[targets.Length];
        run.Download(prediction, predicted);
        double loss = _objective.Loss.Compute(predicted, targets, features, gradient);
        _targetDeviation.Add(targets);
        _predictionDeviation.Add(predicted);
        Enter?.Invoke(UpdatePhase.Backward);
        run.Backward(prediction, gradient);
        return loss;
    }

    /// <summary>Averages the teacher with the student, once an update.</summary>
    private double MoveTeacher()
    {
        double decay = Updates == 0 ? 0 : _decay.Decay(Updates);
        if (Updates == 0)
        {
            _average.Start(Teacher.Buffers.Values, Student.Buffers.Values);
        }
        else
        {
            _average.Update(Teacher.Buffers.Values, Student.Buffers.Values, decay);
        }

        Teacher.Refresh();
        return decay;
    }

    /// <summary>The targets of all rows, masked or not.</summary>
    private float[] MakeTargets(Recording student, Tensor rows, PretrainingBatch<T> batch, int[] lengths)
    {
        using Inference run = Teacher.Begin();
        Sequences sequences = run.Sequences(lengths);
        var observer = new TargetObserver(run, _objective, Teacher.Config.Layers, lengths, sequences.Rows, Teacher.Config.HiddenSize);
        Tensor x;
        if (_objective.TeacherEmbeds)
        {
            x = Teacher.Encoder.Embed(run, batch.Inputs, sequences, null, default);
        }
        else
        {
            float[] values = new float[rows.Rows * rows.Columns];
            student.Download(rows, values);
            x = run.Upload(values, rows.Rows, rows.Columns);
        }

        Teacher.Encoder.Contextualize(run, x, sequences, null, observer, default);
        return observer.Finish();
    }

    private static float[] Select(float[] values, int[] rows, int features)
    {
        float[] selected = new float[rows.Length * features];
        for (int i = 0; i < rows.Length; i++)
        {
            values.AsSpan(rows[i] * features, features).CopyTo(selected.AsSpan(i * features));
        }

        return selected;
    }
}
