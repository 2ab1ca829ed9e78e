using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Ocr;

/// <summary>Reads the text in images; may be used from any number of threads.</summary>
public interface ITextRecognizer
{
    /// <summary>The words in an image, in reading order; none where it has no text.</summary>
    IReadOnlyList<RecognizedWord> Recognize(RgbImage image);
}
