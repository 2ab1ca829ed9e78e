using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Tests.Ocr;

public class LineFinderTests
{
    private const int Size = 200;

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(-10)]
    public void Bars_in_a_row_are_a_line_with_the_angle_of_the_row(double degrees)
    {
        double slope = Math.Tan(degrees * Math.PI / 180);
        TextLine line = Assert.Single(LineFinder.Find(UniformRegions.Find(Bars(8, slope), 40), 40));
        Assert.Equal(8, line.Regular);
        Assert.InRange(line.Place.Angle, Math.Atan(slope) - 0.02, Math.Atan(slope) + 0.02);
        Assert.InRange(line.Place.Height, 22, 26);

        // Drawn, the line is upright: all rows between the top and the baseline have the same ink.
        GrayImage drawn = line.Draw(36, withMarks: true);
        int[] ink = [.. Enumerable.Range(0, drawn.Height).Select(y => Enumerable.Range(0, drawn.Width).Sum(x => 255 - drawn.Pixels[y * drawn.Width + x]))];
        Assert.InRange(ink.Count(sum => sum > ink.Max() / 2), 33, 40);
    }

    [Fact]
    public void A_place_goes_to_the_image_and_back()
    {
        var place = new LinePlace(0.15, 10, 90, 50, 20);
        (double x, double y) = place.ToImage(30, 40);
        (double along, double across) = place.ToLine(x, y);
        Assert.Equal((30, 40), (Math.Round(along, 9), Math.Round(across, 9)));
        Assert.Equal(1, place.Overlap(place), 9);
        Assert.Equal(0.5, place.CoveredBy(place with { Start = 50 }), 9);
        Assert.Equal(0, place.Overlap(place with { Baseline = 80 }), 9);
        Assert.True(place.IsNear(place with { Baseline = 80 }, 1.4));
        Assert.False(place.IsNear(place with { Baseline = 120 }, 1.4));
        Assert.False(place.IsNear(place with { Height = 40 }, 1.4));
    }

    /// <summary>White bars, 6 wide and 24 high, on black.</summary>
    private static RgbImage Bars(int count, double slope)
    {
        byte[] pixels = new byte[3 * Size * Size];
        for (int bar = 0; bar < count; bar++)
        {
            int left = 20 + 20 * bar, top = (int)Math.Round(90 + slope * (left - 100));
            for (int y = top; y < top + 24; y++)
            {
                pixels.AsSpan(3 * (y * Size + left), 18).Fill(255);
            }
        }

        return new RgbImage(Size, Size, pixels);
    }
}
