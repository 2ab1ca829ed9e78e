namespace Data2Vec.Training.Probing;

/// <summary>What a probe of classes found.</summary>
/// <param name="Probe">The probe, fitted to all vectors.</param>
/// <param name="Quality">The quality on vectors that the measured probe was not fitted to.</param>
/// <param name="Unmeasured">The classes without a vector in <paramref name="Quality"/>: those of a single vector, and perhaps of a few.</param>
public sealed record ClassificationProbing(ClassificationProbe Probe, ClassificationQuality Quality, IReadOnlyList<string> Unmeasured)
{
    private const double DefaultPenalty = 0.01;

    /// <summary>Optima are compared less accurately than they are used.</summary>
    private const double ChoiceTolerance = 1e-2;

    /// <summary>A weaker penalty must lower the loss of held-out vectors by more than this, in nats. Otherwise the stronger one is as good.</summary>
    private const double LeastGain = 1e-3;

    /// <summary>Chooses the penalty, measures the quality on held-out vectors, and fits a probe to all of them.</summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="labels">The class of each vector, a number of <paramref name="names"/>.</param>
    /// <param name="names">The names of the classes.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Checked before each step.</param>
    /// <exception cref="ArgumentException">The labels do not fit the vectors or the names, or an option is out of range.</exception>
    /// <exception cref="InvalidDataException">There are too few vectors or classes.</exception>
    public static ClassificationProbing Run(
        FeatureVectors vectors, IReadOnlyList<int> labels, IReadOnlyList<string> names, ProbeOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(names);
        options ??= new ProbeOptions();
        options.Check();
        int[] classes = [.. labels];
        if (classes.Length != vectors.Count)
        {
            throw new ArgumentException($"There are {vectors.Count} vectors, but {classes.Length} labels.", nameof(labels));
        }

        int[] order = new int[classes.Length], predicted = new int[classes.Length];
        int measured = 0;
        double? chosen = null;
        foreach ((int[] kept, int[] heldOut) in HeldOutSplit.All(classes, options))
        {
            FeatureVectors known = vectors.Select(kept);
            int[] knownLabels = [.. kept.Select(item => classes[item])];
            double choice = Choose(known, knownLabels, names, options, cancellationToken);
            chosen = options.Folds == 0 ? choice : null;
            using var fit = new ClassificationFit(known, knownLabels, names, options, cancellationToken);
            int[] predictions = fit.Fit(choice, "measuring").Predict(vectors.Select(heldOut), options.Threads);
            heldOut.CopyTo(order, measured);
            predictions.CopyTo(predicted, measured);
            measured += heldOut.Length;
        }

        double penalty = chosen ?? Choose(vectors, classes, names, options, cancellationToken);
        using var whole = new ClassificationFit(vectors, classes, names, options, cancellationToken);
        return Create(whole.Fit(penalty, "fitting"), predicted.AsSpan(0, measured), [.. order.Take(measured).Select(item => classes[item])]);
    }

    /// <summary>Chooses the penalty, fits a probe to all vectors, and measures the quality on others.</summary>
    internal static ClassificationProbing Run(
        FeatureVectors vectors, int[] labels, IReadOnlyList<string> names, FeatureVectors others, int[] labelsOfOthers, ProbeOptions options, CancellationToken cancellation)
    {
        options.Check();
        double penalty = Choose(vectors, labels, names, options, cancellation);
        using var whole = new ClassificationFit(vectors, labels, names, options, cancellation);
        ClassificationProbe probe = whole.Fit(penalty, "fitting");
        return Create(probe, probe.Predict(others, options.Threads), labelsOfOthers);
    }

    private static ClassificationProbing Create(ClassificationProbe probe, ReadOnlySpan<int> predicted, int[] right) =>
        new(probe, new ClassificationQuality(predicted, right, probe.Labels.Count), [.. probe.Labels.Where((_, c) => !right.Contains(c))]);

    /// <summary>Chooses the penalty with the least loss of vectors that are held out of these.</summary>
    private static double Choose(FeatureVectors vectors, int[] labels, IReadOnlyList<string> names, ProbeOptions options, CancellationToken cancellation)
    {
        if (options.Penalties.Count == 1)
        {
            return options.Penalties[0];
        }

        (int[] kept, int[] held) = HeldOutSplit.Share(labels, options.HeldOut, options.Seed + 1);
        using var fit = new ClassificationFit(vectors.Select(kept), [.. kept.Select(item => labels[item])], names, options, cancellation);
        using SoftmaxObjective? heldOut = held.Length == 0 ? null : fit.HeldOut(vectors.Select(held), [.. held.Select(item => labels[item])]);
        if (heldOut is null)
        {
            return DefaultPenalty; // every class has a single vector
        }

        (double best, double least) = (options.Penalties[0], double.PositiveInfinity);
        int worse = 0;
        foreach (double penalty in options.Penalties)
        {
            fit.Fit(penalty, "choosing the penalty", Math.Max(ChoiceTolerance, options.Tolerance));
            double loss = fit.Loss(heldOut);
            bool isBetter = loss < least - LeastGain;
            worse = isBetter ? 0 : worse + 1;
            (best, least) = isBetter ? (penalty, loss) : (best, least);
            if (worse == 2)
            {
                break;
            }
        }

        return best;
    }
}
