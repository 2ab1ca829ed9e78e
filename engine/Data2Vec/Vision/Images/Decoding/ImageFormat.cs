namespace Data2Vec.Vision.Images;

/// <summary>The image formats that are read.</summary>
internal enum ImageFormat
{
    Jpeg,
    Png,
    WebP,
    Bmp,
    Gif,
}
