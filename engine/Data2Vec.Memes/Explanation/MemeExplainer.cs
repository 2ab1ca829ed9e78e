namespace Data2Vec.Memes.Explanation;

/// <summary>
/// Explains scores by occlusion (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014, section 2.1): removes each word
/// and covers each region in turn, and compares the scores. It shows what the model looks at, not whether the model is right.
/// </summary>
public static class MemeExplainer
{
    /// <summary>Regions per row and per column of the image.</summary>
    private const int Grid = 6;

    /// <summary>Words beyond this limit are ignored. The models read fewer.</summary>
    private const int MaxWords = 256;

    /// <summary>The longer side of the image for covering regions. The models see fewer pixels.</summary>
    private const int CoveredSide = 512;

    /// <summary>Explains the score of a meme.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="meme">The meme. A missing text is read from the image if the model has a text encoder.</param>
    /// <param name="cancellationToken">Checked before each layer.</param>
    /// <inheritdoc cref="MemeClassifier.Score(IReadOnlyList{Meme}, CancellationToken)" path="/exception"/>
    public static MemeExplanation Explain(MemeClassifier classifier, Meme meme, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(meme);
        MemeEncoders encoders = classifier.Encoders;
        MemeFeatures whole = encoders.Encode([meme], cancellationToken)[0];
        MemeScore score = classifier.ScoreEncoded([whole]).Single();
        ReadOnlySpan<float> values = whole.Values.Span;
        float[] ofImage = values[..encoders.ImageSize].ToArray(), ofText = values[encoders.ImageSize..].ToArray();

        (string Text, Box? Box)[] words =
        [
            .. (whole.Words.Count > 0
                ? whole.Words.Select(word => (word.Text, (Box?)word.Box))
                : whole.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => (word, (Box?)null))).Take(MaxWords),
        ];
        string[] shortened = [.. words.Select((_, i) => string.Join(' ', words.Where((_, j) => j != i).Select(word => word.Text)))];
        IEnumerable<float> withoutWord = Scores(encoders.EmbedTexts(shortened, cancellationToken), text => [.. ofImage, .. text]);

        // Covering the regions of a large image would take its memory once per region. The uncovered small image is scored as the reference.
        RgbImage small = Shrink(meme.Image);
        Box[] regions = [.. Regions(small)];
        byte[] mean = MeanColor(small);
        float[] uncovered = [.. Scores(encoders.EmbedImages([small, .. regions.Select(region => Cover(small, region, mean))], cancellationToken), image => [.. image, .. ofText])];
        double scaleX = (double)meme.Image.Width / small.Width, scaleY = (double)meme.Image.Height / small.Height;
        return new MemeExplanation(
            score,
            [.. words.Zip(withoutWord, (word, without) => new WordEffect(word.Text, word.Box, score.Score - without))],
            [.. regions.Zip(uncovered.Skip(1), (region, without) => new RegionEffect(Scale(region, scaleX, scaleY), uncovered[0] - without))]);

        IEnumerable<float> Scores(float[][]? vectors, Func<float[], float[]> complete) =>
            vectors is null ? [] : classifier.ScoreFeatures([.. vectors.Select(vector => (ReadOnlyMemory<float>)complete(vector))]);
    }

    private static RgbImage Shrink(RgbImage image)
    {
        double scale = Math.Min(1, (double)CoveredSide / Math.Max(image.Width, image.Height));
        return image.Resize(Math.Max(1, (int)(scale * image.Width)), Math.Max(1, (int)(scale * image.Height)));
    }

    private static IEnumerable<Box> Regions(RgbImage image)
    {
        int columns = Math.Min(Grid, image.Width), rows = Math.Min(Grid, image.Height);
        return
            from row in Enumerable.Range(0, rows)
            from column in Enumerable.Range(0, columns)
            let left = column * image.Width / columns
            let top = row * image.Height / rows
            select new Box(left, top, (column + 1) * image.Width / columns - left, (row + 1) * image.Height / rows - top);
    }

    private static byte[] MeanColor(RgbImage image)
    {
        var sums = new long[3];
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            sums[i % 3] += image.Pixels[i];
        }

        return [.. sums.Select(sum => (byte)(3 * sum / image.Pixels.Length))];
    }

    private static RgbImage Cover(RgbImage image, Box region, byte[] color)
    {
        byte[] pixels = [.. image.Pixels];
        for (int y = region.Y; y < region.Y + region.Height; y++)
        {
            for (int x = region.X; x < region.X + region.Width; x++)
            {
                color.CopyTo(pixels, 3 * (y * image.Width + x));
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

/// <summary>The contributions of words and regions to the score of a meme.</summary>
/// <param name="Score">The score.</param>
/// <param name="Words">The effect of each word of the text; empty for a model without a text encoder.</param>
/// <param name="Regions">The effect of each region of the image; empty for a model without an image encoder.</param>
public sealed record MemeExplanation(MemeScore Score, IReadOnlyList<WordEffect> Words, IReadOnlyList<RegionEffect> Regions);

/// <summary>The effect of a word on the score of a meme.</summary>
/// <param name="Text">The word.</param>
/// <param name="Box">The word's place in the image; null if the text was given.</param>
/// <param name="Effect">The score minus the score without the word.</param>
public sealed record WordEffect(string Text, Box? Box, float Effect);

/// <summary>The effect of an image region on the score of a meme.</summary>
/// <param name="Box">The region.</param>
/// <param name="Effect">The score minus the score with the region covered.</param>
public sealed record RegionEffect(Box Box, float Effect);
