namespace Data2Vec.Training.Probing;

/// <summary>How a probe is fitted and measured. The defaults need no tuning.</summary>
public sealed record ProbeOptions
{
    /// <summary>The share of vectors that the quality is measured with. The same share of the others chooses the penalty.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>
    /// At least 2: every vector is measured once, by a probe that was fitted to the other folds. 0: a share of <see cref="HeldOut"/> is measured.
    /// </summary>
    public int Folds { get; init; }

    /// <summary>
    /// The penalties of the squared weights to choose from, for standardized features and the mean loss, from strong to weak. Weaker ones are not tried
    /// once two in a row were not better on held-out vectors. A single one is not compared with others.
    /// </summary>
    public IReadOnlyList<double> Penalties { get; init; } = [1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4, 3e-5, 1e-5];

    /// <summary>Determines which vectors are held out.</summary>
    public ulong Seed { get; init; }

    /// <summary>The number of threads. It does not change results.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The most steps of the optimizer.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>The optimizer ends when the gradient is this share of the gradient without weights.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Called after each step of the optimizer, on the thread that fits.</summary>
    public IProgress<ProbeProgress>? Progress { get; init; }

    internal void Check()
    {
        if (HeldOut is not (> 0 and < 1) || Folds is < 0 or 1 || Threads < 1 || MaxIterations < 1 || !(Tolerance > 0))
        {
            throw new ArgumentException($"An option of the probe is out of range: {this}.");
        }

        if (Penalties.Count == 0 || Penalties.Any(penalty => penalty is not (> 0 and < double.PositiveInfinity)))
        {
            throw new ArgumentException("The penalties must be above 0 and finite, and there must be one.");
        }
    }
}

/// <summary>A step of fitting a probe.</summary>
/// <param name="Stage">What the fit is for: "choosing the penalty", "measuring", "fitting".</param>
/// <param name="Penalty">The penalty.</param>
/// <param name="Step">The number of the step.</param>
/// <param name="Loss">The loss with the penalty.</param>
public sealed record ProbeProgress(string Stage, double Penalty, int Step, double Loss);
