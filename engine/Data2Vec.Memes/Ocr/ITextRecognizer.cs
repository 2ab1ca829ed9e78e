namespace Data2Vec.Memes.Ocr;

/// <summary>Reads the text in images. Implementations are thread-safe.</summary>
public interface ITextRecognizer
{
    /// <summary>Describes every setting that affects the result. Stored features are valid only for the same description.</summary>
    string Description { get; }

    /// <summary>The words in an image, in reading order; empty if it has no text.</summary>
    IReadOnlyList<RecognizedWord> Recognize(RgbImage image);
}

/// <summary>A word in an image.</summary>
/// <param name="Text">The word.</param>
/// <param name="Confidence">The recognizer's confidence, from 0 to 1.</param>
/// <param name="Box">The word's place.</param>
public sealed record RecognizedWord(string Text, float Confidence, Box Box);
