using System.Runtime.CompilerServices;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>
/// A model of hash tables, one for each order from 2 on, with the n-grams' probabilities and back-off weights: a probing file of KenLM, or an ARPA file in memory.
/// </summary>
/// <remarks>
/// The sign of a probability tells whether a longer n-gram ends with these words, so that a search can stop. Every n-gram's end and begin are in the tables
/// too; those that the model lacks have the probability that back-off gives them.
/// </remarks>
internal sealed unsafe class ProbingModel : KenLmModel
{
    private const int KeyBytes = sizeof(ulong);

    private readonly ProbingTable _index;
    private readonly int _wordCount;
    private readonly byte* _unigrams;
    private readonly int _unigramBytes;
    private readonly ProbingTable[] _tables;

    /// <param name="memory">Holds the tables.</param>
    /// <param name="format">The kind of the file.</param>
    /// <param name="counts">The n-grams of each order.</param>
    /// <param name="index">The ids of the words (32 bits) by their hashes.</param>
    /// <param name="wordCount">The number of ids.</param>
    /// <param name="unigrams">For each id a probability and a back-off weight.</param>
    /// <param name="unigramBytes">The bytes from one to the next.</param>
    /// <param name="tables">The probabilities and, but for the last, the back-off weights of the longer n-grams.</param>
    /// <param name="words">The words, if they are known.</param>
    public ProbingModel(
        IDisposable memory,
        string format,
        IReadOnlyList<long> counts,
        ProbingTable index,
        int wordCount,
        nint unigrams,
        int unigramBytes,
        ProbingTable[] tables,
        WordList? words)
        : base(memory)
    {
        Format = format;
        Counts = counts;
        _index = index;
        _wordCount = wordCount;
        _unigrams = (byte*)unigrams;
        _unigramBytes = unigramBytes;
        _tables = tables;
        Complete(words);
    }

    public override int Order => _tables.Length + 1;

    public override string Format { get; }

    public override IReadOnlyList<long> Counts { get; }

    public override int Find(ReadOnlySpan<byte> word)
    {
        RequireOpen();
        byte* entry = _index.Find(MurmurHash.Hash(word));
        uint id = entry == null ? Unknown : Unsafe.ReadUnaligned<uint>(entry + KeyBytes);
        return id < (uint)_wordCount ? (int)id : Unknown;
    }

    public override float Score(in NGramState state, int word, out NGramState after)
    {
        RequireOpen();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)word, (uint)_wordCount, nameof(word));
        ProbingTable[] tables = _tables;
        int history = Math.Min(state.Length, tables.Length), found = 1;
        byte* value = _unigrams + (nint)word * _unigramBytes;
        float probability = Unsafe.ReadUnaligned<float>(value), backoff = Unsafe.ReadUnaligned<float>(value + sizeof(float));
        NGramState next = default;
        next.Words[0] = word;
        next.Backoffs[0] = backoff;
        int kept = Backoff.IsKept(backoff) && tables.Length > 0 ? 1 : 0;
        ulong key = (uint)word;
        for (int i = 0; i < history && !float.IsNegative(probability); i++)
        {
            key = ProbingTable.Combine(key, state.Words[i]);
            byte* entry = tables[i].Find(key);
            if (entry == null)
            {
                break;
            }

            probability = Unsafe.ReadUnaligned<float>(entry + KeyBytes);
            found = i + 2;
            if (found <= tables.Length)
            {
                backoff = Unsafe.ReadUnaligned<float>(entry + KeyBytes + sizeof(float));
                next.Words[i + 1] = state.Words[i];
                next.Backoffs[i + 1] = backoff;
                kept = Backoff.IsKept(backoff) ? found : kept;
            }
        }

        // Before the result is set, which may be the variable of the state.
        float sum = BackOff(probability, found, state);
        next.Cut(kept);
        after = next;
        GC.KeepAlive(this); // the tables of an ARPA file are freed with it
        return sum;
    }
}
