using Data2Vec.Training.Masking;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Tests.Masking;

public class BlockMaskTests
{
    /// <summary>Measured with BEiT's MaskingGenerator.</summary>
    [Fact]
    public void Masks_as_many_patches_as_BEiT()
    {
        int[] counts = Counts(new BlockMask(14, 14, 120), 3000);
        Assert.InRange(counts.Average(), 119.5 - 0.15, 119.5 + 0.15);
        Assert.InRange(counts.Min(), 100, 112);
        Assert.Equal(120, counts.Max());
        Assert.InRange(counts.Count(count => count == 120) / 3000.0, 0.69 - 0.03, 0.69 + 0.03);
    }

    [Fact]
    public void Small_grids_need_a_small_minimum()
    {
        Assert.InRange(Counts(new BlockMask(4, 4, 6), 2000).Average(), 2.5, 3.6);
        Assert.InRange(Counts(new BlockMask(8, 8, 38) { MinimumBlock = 4 }, 2000).Average(), 37.9 - 0.15, 37.9 + 0.1);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 9, 4)]
    [InlineData(5, 3, 200)]
    [InlineData(2, 2, 0)]
    public void Grids_that_no_block_fits_do_not_hang(int height, int width, int count) =>
        Assert.All(Counts(new BlockMask(height, width, count) { MinimumBlock = 1 }, 100), masked => Assert.InRange(masked, 0, Math.Min(count, height * width)));

    [Fact]
    public void The_first_block_is_a_rectangle_within_the_bounds()
    {
        for (int item = 0; item < 500; item++)
        {
            bool[] mask = new bool[14 * 20];

            // The whole number is one block's: nothing else fits.
            int count = new BlockMask(14, 20, 40) { MinimumBlock = 36, MaximumBlock = 40 }.Draw(new(2, 0, RandomSite.BlockMask), item, mask);
            if (count < 36)
            {
                continue;
            }

            int[] places = [.. Enumerable.Range(0, mask.Length).Where(i => mask[i])];
            int rows = places.Max(i => i / 20) - places.Min(i => i / 20) + 1, columns = places.Max(i => i % 20) - places.Min(i => i % 20) + 1;
            if (rows * columns == count)
            {
                Assert.InRange(rows / (double)columns, 0.2, 5);
                Assert.InRange(rows, 1, 13);
                Assert.InRange(columns, 1, 19);
            }
        }
    }

    [Fact]
    public void A_mask_that_does_not_fit_the_grid_is_refused() =>
        Assert.Throws<ArgumentException>(() => new BlockMask(14, 14, 75).Draw(new(1, 0, RandomSite.BlockMask), 0, new bool[195]));

    private static int[] Counts(BlockMask settings, int items)
    {
        bool[] mask = new bool[settings.Height * settings.Width];
        return [.. Enumerable.Range(0, items).Select(item =>
        {
            int count = settings.Draw(new(1, 0, RandomSite.BlockMask), item, mask);
            Assert.Equal(count, mask.Count(masked => masked));
            return count;
        })];
    }
}
