using System.Globalization;
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

    // A model of other texts knows a few words of any lexicon. Where it knows more in the other case, that is why.
    private const double LeastShare = 0.01, SuspiciousShare = 0.1, OtherCaseFactor = 5;

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
        CheckCoverage(scores);
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

    private static void CheckCoverage(LexiconScores scores)
    {
        IReadOnlyList<string> words = scores.Lexicon.Words;
        double share = (double)scores.Known / words.Count;
        if (scores.Model is not { } model || share >= SuspiciousShare)
        {
            return;
        }

        double upper = Share(word => word.ToUpperInvariant()), lower = Share(word => word.ToLowerInvariant());
        if (share >= LeastShare && Math.Max(upper, lower) < OtherCaseFactor * share)
        {
            return;
        }

        string cause = Math.Max(upper, lower) >= OtherCaseFactor * share && Math.Max(upper, lower) >= LeastShare
            ? $"in {(upper > lower ? "upper" : "lower")} case it knows {Percent(Math.Max(upper, lower))}; write the lexicon's words as the model does"
            : "give the lexicon and the language model of the same words";
        throw new InvalidDataException(
            $"the language model knows only {scores.Known} of the {words.Count} words of the lexicon ({Percent(share)}), for example not '{words[0]}'; {cause}");

        double Share(Func<string, string> change) =>
            (double)words.Count(word => model.Find(System.Text.Encoding.UTF8.GetBytes(change(word))) != NGramModel.Unknown) / words.Count;
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %");
}
