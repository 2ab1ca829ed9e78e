using Data2Vec.Training.Losses;

namespace Data2Vec.Training.FineTuning;

/// <summary>Connectionist temporal classification, for transcripts.</summary>
internal sealed class TranscriptLoss(int blank) : IHeadLoss<ReadOnlyMemory<int>>
{
    private readonly CtcLoss _ctc = new() { Blank = blank };

    public double Compute(ReadOnlySpan<float> scores, ReadOnlySpan<int> rows, int labels, IReadOnlyList<ReadOnlyMemory<int>> targets, Span<float> gradient) =>
        _ctc.Compute(scores, rows, labels, targets, gradient).Sum;
}

/// <summary>Cross-entropy of one class for each input.</summary>
internal sealed class ClassLoss(double smoothing) : IHeadLoss<int>
{
    public double Compute(ReadOnlySpan<float> scores, ReadOnlySpan<int> rows, int labels, IReadOnlyList<int> targets, Span<float> gradient) =>
        CrossEntropy.Compute(scores, [.. targets], labels, smoothing, gradient);
}

/// <summary>Cross-entropy of a distribution over the classes for each input, as mixed images have.</summary>
internal sealed class DistributionLoss : IHeadLoss<float[]>
{
    public double Compute(ReadOnlySpan<float> scores, ReadOnlySpan<int> rows, int labels, IReadOnlyList<float[]> targets, Span<float> gradient) =>
        CrossEntropy.Compute(scores, targets.SelectMany(target => target).ToArray(), labels, gradient);
}

/// <summary>The squared error of one number for each input.</summary>
internal sealed class NumberLoss : IHeadLoss<float>
{
    public double Compute(ReadOnlySpan<float> scores, ReadOnlySpan<int> rows, int labels, IReadOnlyList<float> targets, Span<float> gradient) =>
        RegressionLoss.SquaredError.Compute(scores, [.. targets], labels, gradient);
}
