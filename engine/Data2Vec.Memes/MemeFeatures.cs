using Data2Vec.Memes.Ocr;

namespace Data2Vec.Memes;

/// <summary>What a meme is to the network that judges it.</summary>
/// <param name="Values">The vectors of image and text one behind the other.</param>
/// <param name="Text">The text, given or read; empty where no encoder takes texts.</param>
/// <param name="Words">The words that were read in the image; none where the text was given.</param>
public sealed record MemeFeatures(ReadOnlyMemory<float> Values, string Text, IReadOnlyList<RecognizedWord> Words);
