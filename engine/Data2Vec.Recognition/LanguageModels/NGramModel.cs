using System.Buffers;
using System.Text;
using Data2Vec.IO;
using Data2Vec.Recognition.LanguageModels.Arpa;
using Data2Vec.Recognition.LanguageModels.KenLm;

namespace Data2Vec.Recognition.LanguageModels;

/// <summary>An n-gram language model with back-off (Katz 1987). Safe for any number of threads.</summary>
public abstract class NGramModel : IDisposable
{
    /// <summary>The id of words that the model does not know.</summary>
    public const int Unknown = 0;

    /// <summary>The longest n-grams that can be read.</summary>
    internal const int MaxOrder = NGramState.MaxLength + 1;

    private const int MaxStackBytes = 512;

    // The white space of ASCII. Other spaces, such as the no-break space, can be in words.
    private static readonly SearchValues<char> s_spaces = SearchValues.Create(" \t\n\v\f\r");

    /// <summary>The number of words of its longest n-gram.</summary>
    public abstract int Order { get; }

    /// <summary>The state in which nothing is known of what comes before.</summary>
    public static NGramState Empty => default;

    /// <summary>The state at the beginning of a sentence. It is <see cref="Empty"/> if the model has no <c>&lt;s&gt;</c>.</summary>
    public abstract NGramState BeginOfSentence { get; }

    /// <summary>The id of the end of a sentence.</summary>
    public abstract int EndOfSentence { get; }

    /// <summary>What kind of file the model comes from, for example <c>KenLM trie</c>.</summary>
    public virtual string Format => GetType().Name;

    /// <summary>The number of n-grams of each order, first the words. Files of KenLM may count n-grams that it added.</summary>
    public virtual IReadOnlyList<long> Counts => [];

    /// <summary>Opens a model: an ARPA file, a gzipped ARPA file, or a binary file of KenLM. The content tells which.</summary>
    /// <param name="path">The file. A binary file is mapped into memory and must not be changed while the model is open.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of another kind, or has n-grams of more than 8 words. The message names it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NGramModel Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        return FileErrors.Named<NGramModel>(path, () =>
        {
            byte[] start = new byte[KenLmHeader.Magic.Length];
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            if (KenLmHeader.IsKenLm(start))
            {
                return KenLmFile.Open(stream.SafeFileHandle, path);
            }

            using Stream text = ArpaReader.Text(start, stream);
            return ArpaLoader.Load(text);
        });
    }

    /// <summary>Finds a word.</summary>
    /// <param name="word">The word in UTF-8.</param>
    /// <returns>Its id, or <see cref="Unknown"/>.</returns>
    public abstract int Find(ReadOnlySpan<byte> word);

    /// <summary>Finds a word.</summary>
    /// <param name="word">The word.</param>
    /// <returns>Its id, or <see cref="Unknown"/>.</returns>
    public int Find(ReadOnlySpan<char> word)
    {
        int most = Encoding.UTF8.GetMaxByteCount(word.Length);
        Span<byte> bytes = most <= MaxStackBytes ? stackalloc byte[MaxStackBytes] : new byte[most];
        return Find(bytes[..Encoding.UTF8.GetBytes(word, bytes)]);
    }

    /// <summary>Scores the next word.</summary>
    /// <param name="state">What comes before.</param>
    /// <param name="word">The id of the word.</param>
    /// <param name="after">Receives the state after the word: the longest end of the history that an n-gram continues.</param>
    /// <returns>log10 of the word's probability.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The model has no word of this id.</exception>
    public abstract float Score(in NGramState state, int word, out NGramState after);

    /// <summary>Scores a sentence. Its words are parted by spaces.</summary>
    /// <param name="sentence">The words.</param>
    /// <param name="begin">Whether the sentence begins with the first word; otherwise nothing is known of what comes before.</param>
    /// <param name="end">Whether the end of the sentence is scored too.</param>
    public NGramScore ScoreSentence(ReadOnlySpan<char> sentence, bool begin = true, bool end = true)
    {
        NGramState state = begin ? BeginOfSentence : Empty;
        double total = 0;
        int words = 0, unknown = 0;
        while (true)
        {
            int start = sentence.IndexOfAnyExcept(s_spaces);
            if (start < 0)
            {
                break;
            }

            sentence = sentence[start..];
            int length = sentence.IndexOfAny(s_spaces);
            length = length < 0 ? sentence.Length : length;
            int word = Find(sentence[..length]);
            total += Score(state, word, out state);
            words++;
            unknown += word == Unknown ? 1 : 0;
            sentence = sentence[length..];
        }

        return new NGramScore(end ? total + Score(state, EndOfSentence, out _) : total, words, unknown);
    }

    /// <summary>Reads the words of the model.</summary>
    /// <returns>The words by their ids, <c>&lt;unk&gt;</c> first; null if the file has no words, but only hashes of them.</returns>
    /// <exception cref="InvalidDataException">The list of words is damaged.</exception>
    public virtual IReadOnlyList<string>? ReadWords() => null;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file.</summary>
    /// <param name="disposing">Whether it is called by <see cref="Dispose()"/>.</param>
    protected abstract void Dispose(bool disposing);
}
