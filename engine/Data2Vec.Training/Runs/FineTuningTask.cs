using Data2Vec.Training.Data;
using Data2Vec.Training.FineTuning;

namespace Data2Vec.Training.Runs;

/// <summary>A task that a model is fine-tuned for: its head, its loss, how examples become batches, and how answers are measured.</summary>
/// <typeparam name="T">Samples, token ids or pixels.</typeparam>
/// <typeparam name="TItem">The target of an example in the data.</typeparam>
/// <typeparam name="TTarget">The target of the loss.</typeparam>
internal abstract class FineTuningTask<T, TItem, TTarget>
{
    /// <summary>The structure of the model with its head.</summary>
    public abstract ModelConfig Config { get; }

    public abstract IHeadLoss<TTarget> Loss { get; }

    /// <summary>What is measured, first the usual one to choose the best model by.</summary>
    public abstract IReadOnlyList<string> Metrics { get; }

    /// <summary>A micro-batch of an update.</summary>
    public abstract FineTuningBatch<T, TTarget> Batch(IReadOnlyList<TrainingItem<T, TItem>> items, long update);

    /// <summary>Measures answers.</summary>
    /// <param name="answers">For each example its target, and the scores of its rows.</param>
    /// <param name="labels">The scores of a row.</param>
    public abstract IReadOnlyDictionary<string, double> Measure(IReadOnlyList<(TItem Target, float[] Scores)> answers, int labels);
}
