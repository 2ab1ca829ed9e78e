using Data2Vec.Audio;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Decoding;

/// <summary>
/// Searches the most likely words of a lexicon with an n-gram model of words, as flashlight does: a beam search over the frames in which the lexicon is a
/// tree of labels and the model scores each word that ends. A score is the sum of the logits, the weighted log10 probabilities of the words and of
/// the end of the text, and a score for each word and each frame of silence.
/// </summary>
public sealed class LexiconCtcDecoder : CtcDecoder
{
    private const string UnknownText = "<unk>";

    private readonly LexiconScores _scores;
    private readonly int _delimiter;

    /// <summary>Builds the tree of the lexicon.</summary>
    /// <param name="labels">The labels in the order of the model's outputs.</param>
    /// <param name="lexicon">The words.</param>
    /// <param name="model">The language model, which must not be disposed before the decoder is used last; null for none.</param>
    /// <param name="options">How to search; null for the defaults.</param>
    /// <exception cref="InvalidDataException">The model knows hardly any word of the lexicon.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public LexiconCtcDecoder(CtcLabels labels, Lexicon lexicon, NGramModel? model = null, LexiconSearchOptions? options = null)
        : base(labels)
    {
        ArgumentNullException.ThrowIfNull(lexicon);
        Options = options ?? new LexiconSearchOptions();
        Options.Check();
        var scores = new LexiconScores(lexicon.With(Options.HotWords), model);
        if (model is not null)
        {
            VocabularyCoverage.Check(model, scores.Lexicon.Words, scores.Known, "lexicon");
        }

        _delimiter = LabelSpeller.DelimiterOf(labels);
        _scores = scores.With(Options);
    }

    private LexiconCtcDecoder(LexiconCtcDecoder other, LexiconSearchOptions options)
        : base(other.Labels)
    {
        options.Check();
        if (!options.HotWords.SequenceEqual(other.Options.HotWords))
        {
            throw new ArgumentException("The hot words are a part of the lexicon's tree; create another decoder for others.", nameof(options));
        }

        (Options, _delimiter, _scores) = (options, other._delimiter, other._scores.With(options));
    }

    /// <summary>How it searches.</summary>
    public LexiconSearchOptions Options { get; }

    /// <summary>The share of the lexicon's words that the model knows, from 0 to 1. 1 without a model.</summary>
    public double KnownShare => _scores.Model is null ? 1 : (double)_scores.Known / _scores.Lexicon.Words.Count;

    /// <summary>The same decoder with other weights. It shares the tree and the model.</summary>
    /// <param name="options">How to search. The hot words must be the same.</param>
    public LexiconCtcDecoder With(LexiconSearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new LexiconCtcDecoder(this, options);
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<CtcTranscript> Search(ReadOnlySpan<float> logits, int count)
    {
        int width = Labels.Texts.Count, frames = logits.Length / width;
        HypothesisMerging merging = Options.Merging ?? (count > 1 ? HypothesisMerging.Words : HypothesisMerging.ModelState);
        var search = new LexiconSearch(_scores, Options, merging, width, Labels.Blank, _delimiter);
        for (int frame = 0; frame < frames; frame++)
        {
            search.Add(logits.Slice(frame * width, width));
        }

        var transcripts = new List<CtcTranscript>();
        var texts = new HashSet<string>(StringComparer.Ordinal);
        foreach ((double score, int path) in search.End())
        {
            (int[] labels, List<(int Frame, int Word)> words) = search.Trace(path, frames);
            (int Frame, string Word)[] ends = [.. words.Select(end => (end.Frame, end.Word == _scores.UnknownIndex ? UnknownText : _scores.Lexicon.Words[end.Word]))];
            if (texts.Add(string.Join(' ', ends.Select(end => end.Word))))
            {
                transcripts.Add(CtcTranscript.FromPath(labels, score, logits, Labels, ends));
            }

            if (transcripts.Count == count)
            {
                break;
            }
        }

        return transcripts;
    }
}
