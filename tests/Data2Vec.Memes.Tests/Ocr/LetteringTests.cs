using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Tests.Ocr;

/// <summary>Reads pictures that Pillow drew.</summary>
public class LetteringTests
{
    [Theory]
    [InlineData("yellow.jpg")]
    [InlineData("black.jpg")]
    [InlineData("no-outline.jpg")]
    [InlineData("low-contrast.jpg")]
    [InlineData("gray-on-gray.jpg")]
    [InlineData("transparent.png")]
    [InlineData("tilted.jpg")]
    [InlineData("tilted-down.jpg")]
    public void Lettering_of_any_look_is_read(string name)
    {
        using TesseractRecognizer recognizer = TesseractTests.Recognizer();
        RgbImage image = Load(name);
        IReadOnlyList<RecognizedWord> words = recognizer.Recognize(image);
        Assert.Equal("WHY IS IT ALWAYS MONDAY AGAIN?", string.Join(' ', words.Select(word => word.Text)));
        Assert.All(words, word => Assert.True(word.Box is { X: >= 0, Y: >= 0, Width: > 0, Height: > 0 } && word.Box.X + word.Box.Width <= image.Width && word.Box.Y + word.Box.Height <= image.Height));
        Assert.All(words.Take(4), word => Assert.True(word.Box.Y + word.Box.Height < 0.5 * image.Height));
        Assert.All(words.Skip(4), word => Assert.True(word.Box.Y > 0.5 * image.Height));
    }

    [Theory]
    [InlineData("textless-noise.jpg")]
    [InlineData("textless-shapes.jpg")]
    public void Textures_have_no_text(string name)
    {
        using TesseractRecognizer recognizer = TesseractTests.Recognizer();
        Assert.Empty(recognizer.Recognize(Load(name)));
    }

    private static RgbImage Load(string name) => ImageFile.Load(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Lettering", name));
}
