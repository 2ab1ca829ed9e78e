using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Masking;

/// <summary>
/// Masks tokens as fairseq's <c>MaskTokensDataset</c> (<c>fairseq/data/mask_tokens_dataset.py</c>): spans of tokens for data2vec, single tokens
/// or whole words for BERT and RoBERTa. All places can be masked, those of <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c> included.
/// </summary>
/// <param name="MaskToken">The id of <c>&lt;mask&gt;</c>.</param>
public sealed record TokenMask(int MaskToken)
{
    /// <summary>The share of tokens that spans would mask if they did not overlap (fairseq: <c>mask_prob</c>). Default: 0.15, that of BERT.</summary>
    public double Probability { get; init; } = 0.15;

    /// <summary>Tokens in a span, or words with whole words (<c>mask_multiple_length</c>).</summary>
    public int SpanLength { get; init; } = 1;

    /// <summary>The probability that a chosen token stays as it is (<c>leave_unmasked_prob</c>).</summary>
    public double UnchangedProbability { get; init; }

    /// <summary>The probability that a chosen token is replaced by a random one (<c>random_token_prob</c>).</summary>
    public double RandomProbability { get; init; }

    /// <summary>The smallest id of a random token. Those of fairseq's special tokens are smaller.</summary>
    public int FirstRandomToken { get; init; } = 4;

    /// <summary>The end of the ids of random tokens: one more than the largest. <see cref="MaskToken"/> is never drawn.</summary>
    public int EndOfRandomTokens { get; init; }

    /// <summary>The mask of data2vec text: 35 % in spans of four tokens, all of them replaced by <c>&lt;mask&gt;</c>.</summary>
    public static TokenMask Data2Vec(int maskToken) => new(maskToken) { Probability = 0.35, SpanLength = 4 };

    /// <summary>The mask of BERT and RoBERTa: 15 %, of which a tenth stays and a tenth becomes a random token.</summary>
    /// <param name="maskToken">The id of <c>&lt;mask&gt;</c>.</param>
    /// <param name="vocabularySize">The number of ids.</param>
    public static TokenMask Bert(int maskToken, int vocabularySize) =>
        new(maskToken) { UnchangedProbability = 0.1, RandomProbability = 0.1, EndOfRandomTokens = vocabularySize };

    /// <summary>Draws the mask of a text.</summary>
    /// <param name="source">The random numbers of this update.</param>
    /// <param name="item">The number of the text in the data.</param>
    /// <param name="tokens">The ids of the text. None is <see cref="MaskToken"/>.</param>
    /// <param name="wordStarts">True for the first token of each word. Then words are chosen and masked as a whole. Empty: tokens are chosen.</param>
    /// <param name="input">Receives the masked text.</param>
    /// <param name="chosen">Receives true for the chosen places, whatever became of them.</param>
    /// <exception cref="ArgumentException">The lengths differ, a property is out of range, or the text has a masked token already.</exception>
    public void Draw(RandomSource source, long item, ReadOnlySpan<int> tokens, ReadOnlySpan<bool> wordStarts, Span<int> input, Span<bool> chosen)
    {
        Check(tokens, wordStarts, input, chosen);
        RandomSequence random = source.Sequence(item);
        tokens.CopyTo(input);
        chosen.Clear();

        // The first token of each unit that is masked as a whole, and the end of the last.
        var starts = new List<int>(tokens.Length + 1);
        for (int i = 0; i < tokens.Length; i++)
        {
            if (i == 0 || wordStarts.IsEmpty || wordStarts[i])
            {
                starts.Add(i);
            }
        }

        int units = starts.Count;
        starts.Add(tokens.Length);
        foreach (int unit in ChooseUnits(random, units))
        {
            Range place = starts[unit]..starts[unit + 1];
            chosen[place].Fill(true);
            double decision = random.NextDouble();
            if (decision < UnchangedProbability)
            {
                continue;
            }

            if (decision < UnchangedProbability + RandomProbability)
            {
                foreach (ref int token in input[place])
                {
                    token = RandomToken(random);
                }
            }
            else
            {
                input[place].Fill(MaskToken);
            }
        }
    }

    /// <summary>The units of all spans, in ascending order.</summary>
    private SortedSet<int> ChooseUnits(RandomSequence random, int units)
    {
        int[] first = new int[(int)((Probability * units / SpanLength) + random.NextDouble())];
        random.Sample(units, first);
        var chosen = new SortedSet<int>();
        foreach (int start in first)
        {
            for (int unit = start; unit < Math.Min((long)units, (long)start + SpanLength); unit++)
            {
                chosen.Add(unit);
            }
        }

        return chosen;
    }

    private int RandomToken(RandomSequence random)
    {
        bool maskIsInside = MaskToken >= FirstRandomToken && MaskToken < EndOfRandomTokens;
        int token = FirstRandomToken + random.NextInt32(EndOfRandomTokens - FirstRandomToken - (maskIsInside ? 1 : 0));
        return maskIsInside && token >= MaskToken ? token + 1 : token;
    }

    private void Check(ReadOnlySpan<int> tokens, ReadOnlySpan<bool> wordStarts, Span<int> input, Span<bool> chosen)
    {
        if (Probability is not (>= 0 and <= 1) || SpanLength < 1)
        {
            throw new ArgumentException($"The mask's probability {Probability} must be between 0 and 1, and its span {SpanLength} positive.");
        }

        if (!(UnchangedProbability >= 0 && RandomProbability >= 0 && UnchangedProbability + RandomProbability <= 1))
        {
            throw new ArgumentException(
                $"The probabilities of unchanged ({UnchangedProbability}) and random tokens ({RandomProbability}) must be positive and at most 1 together.");
        }

        if (RandomProbability > 0 && EndOfRandomTokens - FirstRandomToken < 2)
        {
            throw new ArgumentException($"There are no random tokens between {FirstRandomToken} and {EndOfRandomTokens}.");
        }

        if (input.Length != tokens.Length || chosen.Length != tokens.Length || (!wordStarts.IsEmpty && wordStarts.Length != tokens.Length))
        {
            throw new ArgumentException($"The text has {tokens.Length} tokens; the other arguments must be as long.");
        }

        if (tokens.Contains(MaskToken))
        {
            throw new ArgumentException($"The text contains the mask token {MaskToken}.", nameof(tokens));
        }
    }
}
