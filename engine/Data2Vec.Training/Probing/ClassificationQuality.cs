using Data2Vec.Training.Metrics;

namespace Data2Vec.Training.Probing;

/// <summary>How well classes were predicted.</summary>
public sealed record ClassificationQuality
{
    /// <summary>Measures predictions.</summary>
    /// <param name="predicted">The predicted class of each item.</param>
    /// <param name="labels">The right class of each item.</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ArgumentException">There are no items, the lengths differ, or a number is not a class.</exception>
    public ClassificationQuality(ReadOnlySpan<int> predicted, ReadOnlySpan<int> labels, int classes)
    {
        Accuracy = Classification.Accuracy(predicted, labels);
        Matthews = Classification.Matthews(predicted, labels);
        Count = labels.Length;
        int[][] confusion = [.. Enumerable.Range(0, classes).Select(_ => new int[classes])];
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes || (uint)predicted[i] >= (uint)classes)
            {
                throw new ArgumentException($"Item {i} has the class {labels[i]} and the prediction {predicted[i]}, but there are {classes} classes.");
            }

            confusion[labels[i]][predicted[i]]++;
        }

        double[] f1 = new double[classes];
        var counted = new List<double>();
        for (int c = 0; c < classes; c++)
        {
            int present = confusion[c].Sum(), all = present + confusion.Sum(row => row[c]);
            f1[c] = all == 0 ? 0 : 2.0 * confusion[c][c] / all;
            if (all > 0)
            {
                counted.Add(f1[c]);
            }
        }

        (Confusion, F1, MacroF1) = (confusion, f1, counted.Average());
    }

    /// <summary>The number of items.</summary>
    public int Count { get; }

    /// <summary>The share of right predictions.</summary>
    public double Accuracy { get; }

    /// <summary>Matthews' correlation coefficient.</summary>
    public double Matthews { get; }

    /// <summary>The harmonic mean of precision and recall of each class; 0 for one that is neither predicted nor present.</summary>
    public IReadOnlyList<double> F1 { get; }

    /// <summary>The mean of <see cref="F1"/> over the classes that are predicted or present.</summary>
    public double MacroF1 { get; }

    /// <summary>How many items of a class (first index) were predicted to be of a class (second index).</summary>
    public IReadOnlyList<IReadOnlyList<int>> Confusion { get; }
}
