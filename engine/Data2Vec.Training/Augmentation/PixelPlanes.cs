namespace Data2Vec.Training.Augmentation;

/// <summary>Checks of pixels that lie channel after channel.</summary>
internal static class PixelPlanes
{
    /// <summary>Returns the number of pixels of a channel.</summary>
    /// <exception cref="ArgumentException">The elements are not whole channels.</exception>
    public static int Check(int elements, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        long plane = Math.BigMul(width, height);
        return plane <= elements && elements % plane == 0
            ? (int)plane
            : throw new ArgumentException($"{elements} pixels are not channels of {width} x {height}.");
    }
}
