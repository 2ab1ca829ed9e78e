using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Explanation;

/// <summary>
/// Explains scores by occlusion (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014, section 2.1): each word and each
/// region is left out in turn, and the scores compared. It tells what the model looks at, not whether it is right.
/// </summary>
public static class MemeExplainer
{
    /// <summary>Regions in a row and in a column of the image.</summary>
    private const int Grid = 6;

    /// <summary>Words beyond these are not looked at; the models read less.</summary>
    private const int MostWords = 256;

    /// <summary>The longer side of the image that regions are covered in; the models see less.</summary>
    private const int GoodSide = 512;

    /// <summary>Explains the score of a meme.</summary>
    /// <param name="classifier">What scores it.</param>
    /// <param name="meme">The meme; where it has no text, and the model judges texts, it is read from the image.</param>
    /// <param name="cancellationToken">Looked at before each layer.</param>
    /// <inheritdoc cref="MemeClassifier.Score(IReadOnlyList{Meme}, CancellationToken)" path="/exception"/>
    public static MemeExplanation Explain(MemeClassifier classifier, Meme meme, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(meme);
        MemeEncoders encoders = classifier.Encoders;
        MemeFeatures whole = encoders.Encode([meme], cancellationToken)[0];
        MemeScore score = classifier.Judge([whole]).Single();
        ReadOnlySpan<float> values = whole.Values.Span;
        float[] ofImage = values[..encoders.ImageSize].ToArray(), ofText = values[encoders.ImageSize..].ToArray();

        (string Text, Box? Box)[] words =
        [
            .. (whole.Words.Count > 0
                ? whole.Words.Select(word => (word.Text, (Box?)word.Box))
                : whole.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => (word, (Box?)null))).Take(MostWords),
        ];
        string[] shortened = [.. words.Select((_, i) => string.Join(' ', words.Where((_, j) => j != i).Select(word => word.Text)))];
        IEnumerable<float> withoutWord = Scores(encoders.EmbedTexts(shortened, cancellationToken), text => [.. ofImage, .. text]);

        // Small, so that a large image does not take its size times the regions; the whole is judged anew at that size.
        RgbImage small = Shrink(meme.Image);
        Box[] regions = [.. Regions(small)];
        byte[] mean = Mean(small);
        float[] uncovered = [.. Scores(encoders.EmbedImages([small, .. regions.Select(region => Cover(small, region, mean))], cancellationToken), image => [.. image, .. ofText])];
        double scaleX = (double)meme.Image.Width / small.Width, scaleY = (double)meme.Image.Height / small.Height;
        return new MemeExplanation(
            score,
            [.. words.Zip(withoutWord, (word, without) => new WordEffect(word.Text, word.Box, score.Score - without))],
            [.. regions.Zip(uncovered.Skip(1), (region, without) => new RegionEffect(Scale(region, scaleX, scaleY), uncovered[0] - without))]);

        IEnumerable<float> Scores(float[][]? vectors, Func<float[], float[]> complete) =>
            vectors is null ? [] : classifier.Scores([.. vectors.Select(vector => (ReadOnlyMemory<float>)complete(vector))]);
    }

    private static RgbImage Shrink(RgbImage image)
    {
        double scale = Math.Min(1, (double)GoodSide / Math.Max(image.Width, image.Height));
        int width = Math.Max(1, (int)(scale * image.Width)), height = Math.Max(1, (int)(scale * image.Height));
        return scale == 1 ? image : new ImageResizer(image.Width, image.Height, width, height).Resize(image);
    }

    private static IEnumerable<Box> Regions(RgbImage image)
    {
        int columns = Math.Min(Grid, image.Width), rows = Math.Min(Grid, image.Height);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                int left = column * image.Width / columns, top = row * image.Height / rows;
                yield return new Box(left, top, (column + 1) * image.Width / columns - left, (row + 1) * image.Height / rows - top);
            }
        }
    }

    private static byte[] Mean(RgbImage image)
    {
        var sums = new long[3];
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            sums[i % 3] += image.Pixels[i];
        }

        return [.. sums.Select(sum => (byte)(3 * sum / image.Pixels.Length))];
    }

    private static RgbImage Cover(RgbImage image, Box region, byte[] colour)
    {
        byte[] pixels = [.. image.Pixels];
        for (int y = region.Y; y < region.Y + region.Height; y++)
        {
            for (int x = region.X; x < region.X + region.Width; x++)
            {
                colour.CopyTo(pixels, 3 * (y * image.Width + x));
            }
        }

        return new RgbImage(image.Width, image.Height, pixels);
    }

    private static Box Scale(Box box, double x, double y)
    {
        int left = (int)Math.Round(x * box.X), top = (int)Math.Round(y * box.Y);
        return new Box(left, top, (int)Math.Round(x * (box.X + box.Width)) - left, (int)Math.Round(y * (box.Y + box.Height)) - top);
    }
}
