using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Pretraining;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.FineTuning;

/// <summary>Inputs with their targets: a micro-batch.</summary>
/// <typeparam name="T">Samples, token ids or pixels.</typeparam>
/// <typeparam name="TTarget">Label ids, a class, the probabilities of classes, or a number.</typeparam>
/// <param name="Items">The numbers of the inputs in the data, which random numbers depend on.</param>
/// <param name="Inputs">The inputs.</param>
/// <param name="Targets">What the head shall say of each.</param>
internal sealed record FineTuningBatch<T, TTarget>(
    IReadOnlyList<long> Items, IReadOnlyList<ReadOnlyMemory<T>> Inputs, IReadOnlyList<TTarget> Targets)
    : IMicroBatch
{
    /// <summary>For each row of all inputs whether it is replaced by the mask vector; null for none.</summary>
    public bool[]? TimeMask { get; init; }

    /// <summary>For each input the features that are set to 0 in all its rows; null for none.</summary>
    public IReadOnlyList<int[]>? ChannelMask { get; init; }
}

/// <summary>The loss of a head.</summary>
/// <typeparam name="TTarget">What a target is.</typeparam>
internal interface IHeadLoss<TTarget>
{
    /// <summary>Computes the sum of the losses, and the gradient.</summary>
    /// <param name="scores">The head's output, row-major.</param>
    /// <param name="rows">The rows of each input.</param>
    /// <param name="labels">The columns of the output.</param>
    /// <param name="targets">The targets.</param>
    /// <param name="gradient">Receives the gradient by the scores; empty if it is not wanted.</param>
    double Compute(ReadOnlySpan<float> scores, ReadOnlySpan<int> rows, int labels, IReadOnlyList<TTarget> targets, Span<float> gradient);
}

/// <summary>A pretrained encoder and a head that learn from examples. One call of <see cref="Update"/> is one update.</summary>
/// <typeparam name="T">Samples, token ids or pixels.</typeparam>
/// <typeparam name="TTarget">Label ids, a class, the probabilities of classes, or a number.</typeparam>
internal sealed class FineTuner<T, TTarget> : ITrainer<FineTuningBatch<T, TTarget>>
{
    private readonly IHeadLoss<TTarget> _loss;
    private readonly NetworkOptimizer _optimizer;
    private readonly RecordingOptions _options;
    private readonly Func<Parameter, long, bool> _learns;
    private readonly EmbeddingWeights? _mask;

    /// <summary>Creates the network.</summary>
    /// <param name="config">The encoder's structure, with the labels of its head.</param>
    /// <param name="loss">The loss of the head.</param>
    /// <param name="optimizer">How parameters change.</param>
    /// <param name="options">Dropout and memory; the update is set by each update.</param>
    /// <param name="backend">The processor.</param>
    /// <param name="values">The values to start from.</param>
    /// <param name="learns">Whether a parameter learns in an update.</param>
    /// <param name="shapes">The shapes in which the values are stored, where some dimensions may be 1.</param>
    public FineTuner(
        ModelConfig config, IHeadLoss<TTarget> loss, OptimizerRecipe optimizer, RecordingOptions options, Backend backend, Func<Parameter, float[]?> values,
        Func<Parameter, long, bool> learns, Func<Parameter, IReadOnlyList<int>>? shapes = null)
    {
        (_loss, _options, _learns) = (loss, options with { Layers = config.Layers }, learns);
        EmbeddingWeights? mask = null;
        bool isSpeech = config.Modality == Modality.Speech;
        Network = new TrainableNetwork<T>(
            config, scope => mask = isSpeech ? scope.Vector(PretrainingHead.MaskEmbedding(config.HiddenSize)) : null, backend, values, learns: true, shapes);
        _mask = mask;
        _optimizer = new NetworkOptimizer(Network.Buffers, optimizer);
    }

    public TrainableNetwork<T> Network { get; }

    public Adam Adam => _optimizer.Adam;

    /// <summary>The updates that were made.</summary>
    public long Updates { get; set; }

    ParameterBuffers ITrainer<FineTuningBatch<T, TTarget>>.Student => Network.Buffers;

    ParameterBuffers? ITrainer<FineTuningBatch<T, TTarget>>.Teacher => null;

    /// <summary>What the processes of a run add up.</summary>
    public UpdateSums Sums { get; init; } = new();

    UpdateResult ITrainer<FineTuningBatch<T, TTarget>>.Update(IReadOnlyList<FineTuningBatch<T, TTarget>> batches) => Update(batches);

    public void Refresh() => Network.Refresh();

    /// <summary>Makes one update.</summary>
    /// <param name="batches">Its micro-batches. Inputs of all of them count alike.</param>
    /// <param name="seen">Sees the scores of each micro-batch.</param>
    public UpdateResult Update(IReadOnlyList<FineTuningBatch<T, TTarget>> batches, Action<float[]>? seen = null)
    {
        IReadOnlyList<ParameterPlace> places = Network.Buffers.Places;
        for (int i = 0; i < places.Count; i++)
        {
            Network.Buffers.Learning[i] = _learns(places[i].Parameter, Updates);
        }

        Network.Buffers.ClearGradients();
        double loss = 0;
        long samples = 0, rows = 0;
        foreach (FineTuningBatch<T, TTarget> batch in batches)
        {
            int[] lengths = [.. batch.Inputs.Select(input => Network.Encoder.Rows(input.Span))];
            loss += Accumulate(batch, lengths, seen);
            samples += batch.Inputs.Count;
            rows += lengths.Sum();
        }

        Sums.AddUp(Network.Buffers, ref loss, ref samples, ref rows);
        UpdateResult result = _optimizer.Step(Updates, loss, samples, rows);
        Network.Refresh();
        Updates++;
        return result;
    }

    public void Dispose() => Network.Dispose();

    private double Accumulate(FineTuningBatch<T, TTarget> batch, int[] lengths, Action<float[]>? seen)
    {
        using Recording run = Network.Record(_options with { Update = Updates });
        Sequences sequences = run.Sequences(lengths);
        run.SetItems(sequences, [.. batch.Items]);
        Tensor x = Network.Encoder.Embed(run, batch.Inputs, sequences, null, default);
        if (batch.TimeMask is { } mask)
        {
            x = run.ReplaceRows(x, [.. Enumerable.Range(0, mask.Length).Where(row => mask[row])], _mask!);
        }

        for (int i = 0; i < sequences.Count && batch.ChannelMask is not null; i++)
        {
            run.ClearColumns(x.SliceRows(sequences.Start(i), sequences.Length(i)), batch.ChannelMask[i]);
        }

        x = Network.Encoder.Contextualize(run, x, sequences, null, null, default);
        Tensor scores = Network.Encoder.Head(run, x, sequences);
        float[] values = new float[scores.Rows * scores.Columns], gradient = new float[values.Length];
        run.Download(scores, values);
        double loss = _loss.Compute(values, Network.Encoder.HeadScoresRows ? lengths : [.. lengths.Select(_ => 1)], scores.Columns, batch.Targets, gradient);
        seen?.Invoke(values);
        run.Backward(scores, gradient);
        return loss;
    }
}
