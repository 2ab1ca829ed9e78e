using Data2Vec.IO;
using Data2Vec.Memes.Ocr;

namespace Data2Vec.Memes;

/// <summary>An image with text in it.</summary>
/// <param name="Image">The image.</param>
/// <param name="Text">The text; null to read it from the image.</param>
public sealed record Meme(RgbImage Image, string? Text = null)
{
    /// <summary>The extension added to an image's path to name the file with its text.</summary>
    public const string TextExtension = ".ocr";

    private const int MaxTextBytes = 1 << 20;

    /// <summary>Loads an image, and its text if there is a file <c>IMAGE.ocr</c>. Line breaks of the text become spaces.</summary>
    /// <param name="path">The image.</param>
    /// <param name="limits">The largest image, or null for the default.</param>
    /// <param name="decoder">Decodes further image formats.</param>
    /// <exception cref="InvalidDataException">A file is damaged or too large.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Meme Load(string path, ImageLimits? limits = null, ImageDecoder? decoder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new Meme(ImageFile.Load(path, limits, decoder), File.Exists(path + TextExtension) ? ReadText(path + TextExtension) : null);
    }

    internal static string ReadText(string path) => string.Join(' ', TextFile.ReadLines(path, MaxTextBytes)).Trim();
}

/// <summary>The encoded form of a meme.</summary>
/// <param name="values">The image's vector followed by the text's.</param>
/// <param name="text">The text, given or read; empty without a text encoder.</param>
/// <param name="words">The words read from the image; empty if the text was given.</param>
public sealed class MemeFeatures(ReadOnlyMemory<float> values, string text, IReadOnlyList<RecognizedWord> words)
{
    /// <summary>The image's vector followed by the text's.</summary>
    public ReadOnlyMemory<float> Values => values;

    /// <summary>The text, given or read; empty without a text encoder.</summary>
    public string Text => text;

    /// <summary>The words read from the image; empty if the text was given.</summary>
    public IReadOnlyList<RecognizedWord> Words => words;
}

/// <summary>The verdict on a meme.</summary>
/// <param name="Score">Near 1 for positive memes and near 0 for others; not limited to that range.</param>
/// <param name="Probability">The score as a probability; null without a calibration.</param>
/// <param name="Text">The text, given or read; empty if the model uses the image only.</param>
/// <param name="Words">The words read from the image; empty if the text was given.</param>
public sealed record MemeScore(float Score, double? Probability, string Text, IReadOnlyList<RecognizedWord> Words)
{
    /// <summary>Whether the meme counts as positive: the score is at least <see cref="Evaluation.Metrics.Threshold"/>.</summary>
    public bool IsFlagged => Score >= Evaluation.Metrics.Threshold;
}

/// <summary>A rectangle of an image, in pixels.</summary>
/// <param name="X">The first column.</param>
/// <param name="Y">The first row.</param>
/// <param name="Width">The number of columns.</param>
/// <param name="Height">The number of rows.</param>
public readonly record struct Box(int X, int Y, int Width, int Height);

internal static class RgbImageExtensions
{
    public static RgbImage Resize(this RgbImage image, int width, int height) => (width, height) == (image.Width, image.Height)
        ? image
        : new ImageResizer(image.Width, image.Height, width, height).Resize(image);
}
