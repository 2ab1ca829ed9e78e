namespace Data2Vec.Training.Optimizers;

/// <summary>Whose Adam is computed. Both decay weights apart from the gradient (arXiv 1711.05101). They differ in where epsilon is added.</summary>
public enum AdamVariant
{
    /// <summary>
    /// <c>fairseq/optim/adam.py</c>: epsilon is added to the root of the second moment before its bias is corrected. At step 1 with a beta of 0.98
    /// an epsilon counts sevenfold.
    /// </summary>
    Fairseq,

    /// <summary><c>torch.optim.AdamW</c>: epsilon is added after the bias is corrected.</summary>
    PyTorch,
}
