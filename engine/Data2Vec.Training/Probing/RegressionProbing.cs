namespace Data2Vec.Training.Probing;

/// <summary>What a probe of numbers found.</summary>
/// <param name="Probe">The probe, fitted to all vectors.</param>
/// <param name="Quality">The quality on vectors that the measured probe was not fitted to.</param>
public sealed record RegressionProbing(RegressionProbe Probe, RegressionQuality Quality)
{
    /// <summary>Chooses the penalty, measures the quality on held-out vectors, and fits a probe to all of them.</summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="targets">The number of each vector.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Checked between fits.</param>
    /// <exception cref="ArgumentException">The targets do not fit the vectors, or an option is out of range.</exception>
    /// <exception cref="InvalidDataException">A target is not finite, or there are too few vectors or different targets.</exception>
    public static RegressionProbing Run(
        FeatureVectors vectors, IReadOnlyList<double> targets, ProbeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(targets);
        options ??= new ProbeOptions();
        options.Check();
        double[] numbers = [.. targets];
        if (numbers.Length != vectors.Count)
        {
            throw new ArgumentException($"There are {vectors.Count} vectors, but {numbers.Length} numbers.", nameof(targets));
        }

        List<double> predicted = [], right = [];
        foreach ((int[] kept, int[] heldOut) in HeldOutSplit.All(new int[numbers.Length], options))
        {
            RegressionProbe probe = Fit(vectors.Select(kept), [.. kept.Select(item => numbers[item])], options, cancellationToken);
            predicted.AddRange(probe.Predict(vectors.Select(heldOut)));
            right.AddRange(heldOut.Select(item => numbers[item]));
        }

        return new RegressionProbing(Fit(vectors, numbers, options, cancellationToken), new RegressionQuality([.. predicted], [.. right]));
    }

    /// <summary>Chooses the penalty, fits a probe to all vectors, and measures the quality on others.</summary>
    internal static RegressionProbing Run(
        FeatureVectors vectors, double[] targets, FeatureVectors others, double[] targetsOfOthers, ProbeOptions options, CancellationToken cancellation)
    {
        options.Check();
        RegressionProbe probe = Fit(vectors, targets, options, cancellation);
        return new RegressionProbing(probe, new RegressionQuality(probe.Predict(others), targetsOfOthers));
    }

    /// <summary>Fits with the penalty that has the least error on vectors that are held out of these.</summary>
    private static RegressionProbe Fit(FeatureVectors vectors, double[] targets, ProbeOptions options, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        double best = options.Penalties[0];
        (int[] kept, int[] held) = HeldOutSplit.Share(new int[targets.Length], options.HeldOut, options.Seed + 1);
        if (options.Penalties.Count > 1 && held.Length > 0 && kept.Any(item => targets[item] != targets[kept[0]]))
        {
            FeatureVectors heldOut = vectors.Select(held);
            var fit = new RegressionFit(vectors.Select(kept), [.. kept.Select(item => targets[item])], options.Threads);
            double least = double.PositiveInfinity;
            int worse = 0;
            foreach (double penalty in options.Penalties)
            {
                cancellation.ThrowIfCancellationRequested();
                double error = fit.Fit(penalty).Predict(heldOut).Zip(held, (value, item) => (value - targets[item]) * (value - targets[item])).Sum();
                worse = error < least ? 0 : worse + 1;
                (best, least) = error < least ? (penalty, error) : (best, least);
                if (worse == 2)
                {
                    break;
                }
            }
        }

        return new RegressionFit(vectors, targets, options.Threads).Fit(best);
    }
}
