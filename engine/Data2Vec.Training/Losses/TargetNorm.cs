namespace Data2Vec.Training.Losses;

/// <summary>How targets are normalized. No norm has parameters; variances are biased, epsilon is 1e-5.</summary>
public enum TargetNorm
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>
    /// Each feature over the rows of its sequence, masked or not (<c>torch.nn.functional.instance_norm</c>). The only row of a sequence becomes 0.
    /// </summary>
    Instance,

    /// <summary>Each row over its features (<c>torch.nn.functional.layer_norm</c>).</summary>
    Layer,
}
