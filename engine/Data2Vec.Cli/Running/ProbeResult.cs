using Data2Vec.Training.Probing;

namespace Data2Vec.Cli;

/// <summary>What a probe of one layer's vectors found: of classes or of numbers.</summary>
/// <param name="Layer">The layer; null for the encoder's output.</param>
internal abstract record ProbeResult(int? Layer)
{
    /// <summary>The number of nearest neighbours that vote.</summary>
    public const int Neighbors = 5;

    /// <summary>What layers are compared by.</summary>
    public abstract double Score { get; }

    /// <summary>Fits probes to the vectors of layers.</summary>
    /// <param name="classes">The names of the classes; empty for numbers.</param>
    /// <param name="layers">The number of each layer; null for the encoder's output.</param>
    /// <param name="training">The vectors to learn from.</param>
    /// <param name="validation">Those to measure with; null to hold out some.</param>
    /// <param name="options">How.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="cancellation">Cancelled by Ctrl+C.</param>
    public static ProbeResult[] Fit(
        IReadOnlyList<string> classes, IReadOnlyList<int?> layers, ProbeVectors training, ProbeVectors? validation, ProbeOptions options, Action<double> report,
        CancellationToken cancellation)
    {
        var results = new ProbeResult[layers.Count];
        for (int i = 0; i < results.Length; i++)
        {
            FeatureVectors vectors = training.Layers[i];
            FeatureVectors? others = validation?.Layers[i];
            results[i] = classes.Count == 0 ? Numbers(layers[i], vectors, others) : Classes(layers[i], vectors, others);
            report((i + 1.0) / results.Length);
        }

        return results;

        RegressionResult Numbers(int? layer, FeatureVectors vectors, FeatureVectors? others) => new(layer, others is null
            ? RegressionProbing.Run(vectors, training.Targets, options, cancellation)
            : RegressionProbing.Run(vectors, training.Targets, others, validation!.Targets, options, cancellation));

        ClassificationResult Classes(int? layer, FeatureVectors vectors, FeatureVectors? others)
        {
            int[] labels = training.Labels;
            ClassificationProbing probing = others is null
                ? ClassificationProbing.Run(vectors, labels, classes, options, cancellation)
                : ClassificationProbing.Run(vectors, labels, classes, others, validation!.Labels, options, cancellation);
            ClassificationQuality neighbors = others is null
                ? NearestNeighbors.Measure(vectors, labels, classes.Count, options, Neighbors)
                : new ClassificationQuality(NearestNeighbors.Predict(vectors, labels, others, Neighbors, options.Threads), validation!.Labels, classes.Count);
            int frequent = labels.CountBy(label => label).OrderByDescending(count => count.Value).ThenBy(count => count.Key).First().Key;
            return new ClassificationResult(layer, probing, neighbors.Accuracy, probing.Quality.Confusion[frequent].Sum() / (double)probing.Quality.Count);
        }
    }
}

/// <summary>What a probe of classes found.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Probing">The probe and its quality.</param>
/// <param name="NeighborAccuracy">The accuracy of nearest neighbours.</param>
/// <param name="ConstantAccuracy">The accuracy of always answering with the most frequent class.</param>
internal sealed record ClassificationResult(int? Layer, ClassificationProbing Probing, double NeighborAccuracy, double ConstantAccuracy) : ProbeResult(Layer)
{
    public override double Score => Probing.Quality.Accuracy;
}

/// <summary>What a probe of numbers found.</summary>
internal sealed record RegressionResult(int? Layer, RegressionProbing Probing) : ProbeResult(Layer)
{
    public override double Score => Probing.Quality.Pearson is var value && double.IsNaN(value) ? double.NegativeInfinity : value;
}
