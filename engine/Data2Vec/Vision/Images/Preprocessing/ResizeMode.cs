namespace Data2Vec.Vision.Images;

/// <summary>Which sizes an image is brought to before the crop.</summary>
public enum ResizeMode
{
    /// <summary>Both sides become the given size; the aspect ratio is lost.</summary>
    Squash,

    /// <summary>The shorter side becomes the given size, the longer one follows (torchvision's <c>Resize</c> of an integer).</summary>
    ShorterSide,
}
