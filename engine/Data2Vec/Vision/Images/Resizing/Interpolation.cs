namespace Data2Vec.Vision.Images;

/// <summary>How an image is resampled. All but OpenCV's are antialiased: scaling down, the filter is as wide as the scale.</summary>
public enum Interpolation
{
    /// <summary>Cubic convolution with a = -0.5 (Keys, 1981), over 4 x 4 pixels.</summary>
    Bicubic,

    /// <summary>A triangle over 2 x 2 pixels.</summary>
    Bilinear,

    /// <summary>
    /// OpenCV's <c>INTER_CUBIC</c>: cubic convolution with a = -0.75 over 4 x 4 pixels whatever the scale, not antialiased.
    /// </summary>
    OpenCvBicubic,
}
