using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>Loads items of data, several at the same time.</summary>
internal static class ItemLoading
{
    /// <summary>Loads items. Bad ones are reported and left out.</summary>
    public static TrainingItem<TElement, TTarget>[] Load<TElement, TTarget>(TrainingData<TElement, TTarget> data, int[] items, BadInputs bad, CancellationToken cancellation)
    {
        var loaded = new TrainingItem<TElement, TTarget>?[items.Length];
        var problems = new Exception?[items.Length];
        Parallel.For(0, items.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            try
            {
                loaded[i] = data.Load(items[i], default);
            }
            catch (Exception problem) when (BadInputs.IsBadInput(problem))
            {
                problems[i] = problem;
            }
        });
        for (int i = 0; i < items.Length; i++)
        {
            if (problems[i] is { } problem)
            {
                bad.Report(data.Name(items[i]), problem);
            }
        }

        return [.. loaded.OfType<TrainingItem<TElement, TTarget>>()];
    }
}
