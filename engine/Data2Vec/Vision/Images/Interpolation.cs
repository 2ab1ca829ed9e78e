namespace Data2Vec.Vision.Images;

/// <summary>How an image is resampled. Both are antialiased: scaling down, the filter is as wide as the scale.</summary>
public enum Interpolation
{
    /// <summary>Cubic convolution with a = -0.5 (Keys, 1981), over 4 x 4 pixels.</summary>
    Bicubic,

    /// <summary>A triangle over 2 x 2 pixels.</summary>
    Bilinear,
}
