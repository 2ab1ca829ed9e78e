using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Masking;

/// <summary>
/// Masks rectangular blocks of patches, as <c>MaskingGenerator</c> of BEiT (<c>beit/masking_generator.py</c>; arXiv 2106.08254, algorithm 1).
/// </summary>
/// <param name="Height">Rows of patches.</param>
/// <param name="Width">Patches in a row.</param>
/// <param name="Count">How many patches to mask. Fewer are masked when no further block fits.</param>
public sealed record BlockMask(int Height, int Width, int Count)
{
    private const int Tries = 10;

    /// <summary>The smallest area of a block (BEiT: <c>min_num_patches</c>). Small grids need a small one.</summary>
    public int MinimumBlock { get; init; } = 16;

    /// <summary>The largest area of a block (<c>max_num_patches</c>).</summary>
    public int MaximumBlock { get; init; } = 196;

    /// <summary>The smallest ratio of height to width. The largest is its inverse.</summary>
    public double MinimumAspect { get; init; } = 0.3;

    /// <summary>Draws the mask of an image.</summary>
    /// <param name="source">The random numbers of this update.</param>
    /// <param name="item">The number of the image in the data.</param>
    /// <param name="mask">Receives true for masked patches, row by row.</param>
    /// <returns>The number of masked patches.</returns>
    /// <exception cref="ArgumentException">A property is out of range, or the mask does not have a place for each patch.</exception>
    public int Draw(RandomSource source, long item, Span<bool> mask)
    {
        if (Height < 1 || Width < 1 || Count < 0 || MinimumBlock < 0 || MaximumBlock < 1 || MinimumAspect is not (> 0 and <= 1))
        {
            throw new ArgumentException($"A property of the mask is out of range: {this}.");
        }

        if (mask.Length != (long)Height * Width)
        {
            throw new ArgumentException($"A grid of {Height} x {Width} patches does not fit a mask of {mask.Length}.", nameof(mask));
        }

        RandomSequence random = source.Sequence(item);
        mask.Clear();
        int masked = 0;
        while (masked < Count)
        {
            int added = AddBlock(random, mask, Math.Min(Count - masked, MaximumBlock));
            if (added == 0)
            {
                break;
            }

            masked += added;
        }

        return masked;
    }

    /// <summary>Adds a block that masks at most a number of new patches. Returns how many it masked, 0 if no try succeeded.</summary>
    private int AddBlock(RandomSequence random, Span<bool> mask, int most)
    {
        double logAspect = Math.Log(MinimumAspect);
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            // The bounds may be in either order: near the end "most" is the smaller one.
            double area = random.NextDouble(MinimumBlock, most);
            double aspect = Math.Exp(random.NextDouble(logAspect, -logAspect));
            int height = (int)Math.Round(Math.Sqrt(area * aspect));
            int width = (int)Math.Round(Math.Sqrt(area / aspect));
            if (width >= Width || height >= Height)
            {
                continue;
            }

            int top = random.NextInt32(Height - height + 1);
            int left = random.NextInt32(Width - width + 1);
            int added = height * width;
            for (int row = top; row < top + height; row++)
            {
                added -= mask.Slice((row * Width) + left, width).Count(true);
            }

            if (added < 1 || added > most)
            {
                continue;
            }

            for (int row = top; row < top + height; row++)
            {
                mask.Slice((row * Width) + left, width).Fill(true);
            }

            return added;
        }

        return 0;
    }
}
