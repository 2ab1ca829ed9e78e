using Data2Vec.Audio;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Decoding;

/// <summary>
/// Searches the most likely text, with or without an n-gram model of words, as pyctcdecode does: a beam search over the frames in which the probabilities
/// of all alignments of a text are added. Any word is possible; words that are not known cost more.
/// </summary>
public sealed class OpenVocabularyCtcDecoder : CtcDecoder
{
    private readonly KnownWords _words;
    private readonly OpenLabels _labels;

    /// <summary>Creates a decoder.</summary>
    /// <param name="labels">The labels in the order of the model's outputs.</param>
    /// <param name="model">The language model, which must not be disposed before the decoder is used last; null for none.</param>
    /// <param name="vocabulary">The known words; null if they cannot be listed. Then those of the language model are known, and a begun word never is.</param>
    /// <param name="options">How to search; null for the defaults.</param>
    /// <exception cref="InvalidDataException">The model knows hardly any word of the vocabulary.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public OpenVocabularyCtcDecoder(CtcLabels labels, NGramModel? model = null, IEnumerable<string>? vocabulary = null, OpenSearchOptions? options = null)
        : base(labels)
    {
        Options = options ?? new OpenSearchOptions();
        Options.Check();
        _labels = new OpenLabels(labels);
        if (model is not null && vocabulary is not null)
        {
            string[] words = [.. vocabulary];
            int known = VocabularyCoverage.CountKnown(model, words);
            VocabularyCoverage.Check(model, words, known, "word list");
            (vocabulary, KnownShare) = (words, words.Length == 0 ? 1 : (double)known / words.Length);
        }

        _words = new KnownWords(new LabelSpeller(labels), model, vocabulary, Options);
    }

    private OpenVocabularyCtcDecoder(OpenVocabularyCtcDecoder other, OpenSearchOptions options)
        : base(other.Labels)
    {
        options.Check();
        (Options, KnownShare, _labels, _words) = (options, other.KnownShare, other._labels, new KnownWords(other._words, options));
    }

    /// <summary>How it searches.</summary>
    public OpenSearchOptions Options { get; }

    /// <summary>The share of the known words that the model knows, too, from 0 to 1. 1 without a model or a list of words.</summary>
    public double KnownShare { get; } = 1;

    /// <summary>The same decoder with other options. It shares the words and the model.</summary>
    /// <param name="options">How to search.</param>
    public OpenVocabularyCtcDecoder With(OpenSearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new OpenVocabularyCtcDecoder(this, options);
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<CtcTranscript> Search(ReadOnlySpan<float> logits, int count)
    {
        int width = Labels.Texts.Count, frames = logits.Length / width;
        var search = new OpenSearch(_words, _labels, Options);
        for (int frame = 0; frame < frames; frame++)
        {
            search.Add(logits.Slice(frame * width, width));
        }

        var transcripts = new List<CtcTranscript>();
        foreach ((double score, string text, int path) in search.End().Take(count))
        {
            transcripts.Add(CtcTranscript.FromPath(search.Trace(path, frames), score, logits, Labels) with { Text = text });
        }

        return transcripts;
    }
}
