using System.Runtime.CompilerServices;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>A trie file of KenLM. The children of an n-gram are the n-grams with one older word in front.</summary>
internal sealed unsafe class TrieModel : KenLmModel
{
    private const int UnigramBytes = 16, ChildOffset = 8;
    private const int MaxTableBits = 25, QuantizedVersion = 2;

    private readonly ulong* _hashes;
    private readonly ulong _hashCount;
    private readonly byte* _unigrams;
    private readonly TrieLevel[] _levels;
    private readonly ulong _bigrams;

    private TrieModel(MappedFile file, KenLmHeader header, FileParts parts)
        : base(file)
    {
        const int QuantizedHeaderBytes = 8;
        ulong[] counts = header.Counts;
        if (counts.Any(count => count > parts.Rest * 8))
        {
            throw FileParts.TooLong();
        }

        _hashCount = *(ulong*)parts.Take(1, sizeof(ulong));
        if (_hashCount > counts[0])
        {
            throw new InvalidDataException($"the vocabulary has {_hashCount} words, and the header says {counts[0]}");
        }

        _hashes = (ulong*)parts.Take(counts[0], sizeof(ulong));
        bool isQuantized = header.Kind is KenLmKind.QuantizedTrie or KenLmKind.QuantizedArrayTrie;
        bool isArray = header.Kind is KenLmKind.ArrayTrie or KenLmKind.QuantizedArrayTrie;
        TrieLayout layout = TrieLayout.Plain;
        var tables = new (nint Probabilities, nint Backoffs)[counts.Length - 1];
        if (isQuantized)
        {
            byte* values = parts.Take(QuantizedHeaderBytes, 1);
            layout = new TrieLayout(values[1], values[2], null);
            if (values[0] != QuantizedVersion || layout.ProbabilityBits is 0 or > MaxTableBits || layout.BackoffBits is 0 or > MaxTableBits)
            {
                throw new InvalidDataException($"the tables have version {values[0]}, {values[1]} and {values[2]} bits, which no KenLM file of version 5 has");
            }

            for (int i = 0; i < tables.Length; i++)
            {
                tables[i].Probabilities = (nint)parts.Take(1UL << layout.ProbabilityBits, sizeof(float));
                tables[i].Backoffs = i == tables.Length - 1 ? 0 : (nint)parts.Take(1UL << layout.BackoffBits, sizeof(float));
            }
        }

        _unigrams = parts.Take(counts[0] + 2, UnigramBytes);
        if (isArray && counts.Length > 2)
        {
            byte* values = parts.Rest >= 2 ? parts.Address : throw FileParts.TooLong();
            layout = values[0] == 0
                ? layout with { MostTakenBits = values[1] }
                : throw new InvalidDataException($"the arrays have version {values[0]}, which no KenLM file of version 5 has");
        }

        _levels = new TrieLevel[counts.Length - 1];
        for (int i = 0; i < _levels.Length; i++)
        {
            ulong? children = i + 2 < counts.Length ? counts[i + 2] : null;
            _levels[i] = new TrieLevel(parts, layout, counts[0], counts[i + 1], children, (float*)tables[i].Probabilities, (float*)tables[i].Backoffs);
        }

        _bigrams = counts[1];
        Counts = [.. counts.Select(count => (long)count)];
        Format = $"KenLM {(isQuantized ? "quantized " : "")}trie{(isArray ? " with arrays" : "")}";
        Complete(WordList.OfFile(parts, (int)_hashCount + 1, header.HasWords));
    }

    public override int Order => _levels.Length + 1;

    public override string Format { get; }

    public override IReadOnlyList<long> Counts { get; }

    /// <summary>Opens a mapped file. It belongs to the model, if this succeeds.</summary>
    public static TrieModel Open(MappedFile file, KenLmHeader header, FileParts parts) => new(file, header, parts);

    public override int Find(ReadOnlySpan<byte> word)
    {
        RequireOpen();
        return InterpolationSearch.Find(new Hashes(_hashes), 0, _hashCount, ulong.MaxValue, MurmurHash.Hash(word), out ulong place) ? (int)place + 1 : Unknown;
    }

    public override float Score(in NGramState state, int word, out NGramState after)
    {
        RequireOpen();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)word, (uint)_hashCount, nameof(word));
        TrieLevel[] levels = _levels;
        int history = Math.Min(state.Length, levels.Length), found = 1;
        byte* value = _unigrams + (nint)word * UnigramBytes;
        float probability = Unsafe.ReadUnaligned<float>(value), backoff = Unsafe.ReadUnaligned<float>(value + sizeof(float));
        ulong begin = Unsafe.ReadUnaligned<ulong>(value + ChildOffset), end = Math.Min(Unsafe.ReadUnaligned<ulong>(value + UnigramBytes + ChildOffset), _bigrams);
        NGramState next = default;
        next.Words[0] = word;
        next.Backoffs[0] = backoff;
        int kept = Backoff.IsKept(backoff) ? 1 : 0;
        for (int i = 0; i < history && begin < end; i++)
        {
            TrieLevel level = levels[i];
            if (!level.Find(state.Words[i], begin, end, out ulong place))
            {
                break;
            }

            probability = level.Probability(place);
            found = i + 2;
            if (found <= levels.Length)
            {
                backoff = level.BackoffOf(place);
                next.Words[i + 1] = state.Words[i];
                next.Backoffs[i + 1] = backoff;
                kept = Backoff.IsKept(backoff) ? found : kept;
                (begin, end) = level.Children(place);
            }
        }

        // Before the result is set, which may be the variable of the state.
        float sum = BackOff(probability, found, state);
        next.Cut(kept);
        after = next;
        return sum;
    }

    private readonly struct Hashes(ulong* hashes) : ISortedKeys
    {
        public ulong this[ulong place] => hashes[place];
    }
}
