namespace Data2Vec.Training.Updates;

/// <summary>What one update has measured.</summary>
public sealed record UpdateResult
{
    /// <summary>The number of updates before this one.</summary>
    public required long Update { get; init; }

    /// <summary>The sum of the losses, in nats for a classification.</summary>
    public required double LossSum { get; init; }

    /// <summary>What the sum is divided by: masked rows, utterances, texts or images.</summary>
    public required long SampleSize { get; init; }

    /// <summary>The learning rate.</summary>
    public required double Rate { get; init; }

    /// <summary>The norm of the gradient before it was clipped.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>The factor by which the gradient was clipped.</summary>
    public required double ClipFactor { get; init; }

    /// <summary>The decay of the teacher; 0 before update 0, which copies it, and without a teacher.</summary>
    public double TeacherDecay { get; init; }

    /// <summary>The deviation of the targets; 0 without a teacher.</summary>
    public double TargetDeviation { get; init; }

    /// <summary>The deviation of the predictions; 0 without a teacher.</summary>
    public double PredictionDeviation { get; init; }

    /// <summary>The rows of the network that were computed.</summary>
    public long Rows { get; init; }

    /// <summary>The loss: the sum divided by the sample size.</summary>
    public double Loss => SampleSize == 0 ? 0 : LossSum / SampleSize;
}
