namespace Data2Vec.Vision.Images;

/// <summary>What a centred crop takes of one axis, with torchvision's rounding.</summary>
/// <param name="First">The first position taken.</param>
/// <param name="Count">How many positions are taken.</param>
/// <param name="Padding">How many zeros stand before them.</param>
internal readonly record struct CropSpan(int First, int Count, int Padding)
{
    /// <summary>The crop of <paramref name="cropSize"/> positions from the middle of <paramref name="size"/>.</summary>
    public static CropSpan Centre(int size, int cropSize) => size < cropSize
        ? new(0, size, (cropSize - size) / 2)
        // Python's round: a half goes to the even neighbour.
        : new((int)Math.Round((size - cropSize) / 2.0, MidpointRounding.ToEven), cropSize, 0);
}
