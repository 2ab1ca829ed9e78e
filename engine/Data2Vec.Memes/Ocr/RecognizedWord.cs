namespace Data2Vec.Memes.Ocr;

/// <summary>A word in an image.</summary>
/// <param name="Text">The word.</param>
/// <param name="Confidence">How sure the recognizer is, from 0 to 1.</param>
/// <param name="Box">Where it is.</param>
public sealed record RecognizedWord(string Text, float Confidence, Box Box);
