using Data2Vec.Vision.Images;

namespace Data2Vec.Memes.Ocr;

/// <summary>Reads the text in images; may be used from any number of threads.</summary>
public interface ITextRecognizer
{
    /// <summary>All that decides what is read in an image, in words: features that were kept are good for the same recognizer alone.</summary>
    string Description { get; }

    /// <summary>The words in an image, in reading order; none where it has no text.</summary>
    IReadOnlyList<RecognizedWord> Recognize(RgbImage image);
}
