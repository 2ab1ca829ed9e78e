namespace Data2Vec.Memes.Ocr;

/// <summary>Opens text recognizers.</summary>
public static class TextRecognizers
{
    /// <summary>Opens Tesseract. Where it is not installed, the recognizer says so when it is first needed: all texts may be given.</summary>
    /// <param name="languages">Tesseract's names of the languages, see <see cref="OcrOptions.Languages"/>.</param>
    /// <returns>The recognizer. The caller disposes it if it is disposable.</returns>
    /// <exception cref="ArgumentException">The languages are not valid names.</exception>
    public static ITextRecognizer Open(string languages)
    {
        try
        {
            return new TesseractRecognizer(new OcrOptions { Languages = languages });
        }
        catch (NotSupportedException problem)
        {
            return new MissingRecognizer(problem.Message);
        }
    }

    /// <summary>Replaces a missing Tesseract as long as all texts are given.</summary>
    private sealed class MissingRecognizer(string reason) : ITextRecognizer
    {
        public string Description => "none";

        public IReadOnlyList<RecognizedWord> Recognize(RgbImage image) => throw new NotSupportedException(reason);
    }
}
