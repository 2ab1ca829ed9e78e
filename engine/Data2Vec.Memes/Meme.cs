using Data2Vec.Vision.Images;

namespace Data2Vec.Memes;

/// <summary>An image with text in it.</summary>
/// <param name="Image">The image.</param>
/// <param name="Text">The text; null where it is to be read from the image.</param>
public sealed record Meme(RgbImage Image, string? Text = null)
{
    /// <summary>What is added to an image's path to name the file with its text, where there is one.</summary>
    public const string TextExtension = ".ocr";

    /// <summary>More than a text that belongs in an image has.</summary>
    private const int MostTextBytes = 1 << 20;

    /// <summary>Loads an image, and its text where a file <c>IMAGE.ocr</c> is beside it, whose line breaks become spaces.</summary>
    /// <exception cref="InvalidDataException">A file is damaged or too large.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Meme Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new Meme(ImageFile.Load(path), File.Exists(path + TextExtension) ? ReadText(path + TextExtension) : null);
    }

    private static string ReadText(string path) => new FileInfo(path).Length <= MostTextBytes
        ? File.ReadAllText(path).ReplaceLineEndings(" ").Trim()
        : throw new InvalidDataException($"{Path.GetFileName(path)}: the text is larger than the {MostTextBytes} bytes allowed");
}
