namespace Data2Vec.Vision.Images;

/// <summary>How an image is resampled. Except for OpenCV's, the filters are antialiased: for downscaling they widen with the scale.</summary>
public enum Interpolation
{
    /// <summary>Cubic convolution with a = -0.5 (Keys, 1981) over 4 x 4 pixels.</summary>
    Bicubic,

    /// <summary>A triangle filter over 2 x 2 pixels.</summary>
    Bilinear,

    /// <summary>OpenCV's <c>INTER_CUBIC</c>: cubic convolution with a = -0.75 over 4 x 4 pixels at any scale, without antialiasing.</summary>
    OpenCvBicubic,
}

/// <summary>The size an image is resized to before it is cropped.</summary>
public enum ResizeMode
{
    /// <summary>Both sides get the same size; the aspect ratio is lost.</summary>
    Squash,

    /// <summary>The shorter side gets the size and the longer side keeps the aspect ratio (torchvision's <c>Resize</c> of an integer).</summary>
    ShorterSide,
}
