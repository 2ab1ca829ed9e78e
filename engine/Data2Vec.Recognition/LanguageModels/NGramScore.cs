namespace Data2Vec.Recognition.LanguageModels;

/// <summary>The score of a sentence.</summary>
/// <param name="LogProbability">log10 of its probability.</param>
/// <param name="Words">The number of words, without the marks of its begin and end.</param>
/// <param name="UnknownWords">The number of words that the model does not know.</param>
public readonly record struct NGramScore(double LogProbability, int Words, int UnknownWords);
