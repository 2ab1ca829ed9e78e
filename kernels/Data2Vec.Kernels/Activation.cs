namespace Data2Vec.Kernels;

/// <summary>The function applied to each element after a linear layer, a convolution or a normalization.</summary>
public enum Activation
{
    /// <summary>None.</summary>
    None,

    /// <summary>The exact GELU, <c>x Φ(x)</c> (Hendrycks and Gimpel 2016), not its tanh approximation.</summary>
    Gelu,

    /// <summary>The rectified linear unit, <c>max(x, 0)</c>.</summary>
    Relu,
}
