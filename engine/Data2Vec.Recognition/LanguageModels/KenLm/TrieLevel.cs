using System.Numerics;
using System.Runtime.CompilerServices;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>The bits of the values in a trie, and how places are stored.</summary>
/// <param name="ProbabilityBits">The bits of a probability, or of its place in a table.</param>
/// <param name="BackoffBits">The bits of a back-off weight, or of its place in a table.</param>
/// <param name="MostTakenBits">The most bits that an array may take off the places of children; null without arrays.</param>
internal sealed record TrieLayout(int ProbabilityBits, int BackoffBits, int? MostTakenBits)
{
    private const int ProbabilityBitsOfFloat = 31, BackoffBitsOfFloat = 32;

    /// <summary>Plain numbers.</summary>
    public static TrieLayout Plain { get; } = new(ProbabilityBitsOfFloat, BackoffBitsOfFloat, null);

    /// <summary>The bits of the numbers from 0 to <paramref name="most"/>.</summary>
    public static int Bits(ulong most) => 64 - BitOperations.LeadingZeroCount(most);

    /// <summary>The bytes of a level's entries: there is one more, which ends the children of the last, and 8 bytes, so that 64 bits can be read everywhere.</summary>
    public static ulong EntryBytes(ulong count, int entryBits) => ((1 + count) * (uint)entryBits + 7) / 8 + sizeof(ulong);
}

/// <summary>
/// The n-grams of one order in a trie of KenLM, as entries of a fixed number of bits: a word, a probability, a back-off weight, and the place of the first
/// child. The children end where those of the next entry begin.
/// </summary>
internal sealed unsafe class TrieLevel
{
    private const uint SignBit = 0x8000_0000;

    private readonly byte* _entries;
    private readonly ulong* _offsets;
    private readonly ulong _offsetCount;
    private readonly float* _probabilities, _backoffs;
    private readonly int _probabilityBits, _backoffBits, _wordBits, _entryBits, _childBits;
    private readonly ulong _count, _children, _mostWord;

    /// <summary>Takes the level from a file.</summary>
    /// <param name="parts">The parts of the file.</param>
    /// <param name="layout">The bits of values and places.</param>
    /// <param name="words">The number of words.</param>
    /// <param name="count">The number of n-grams of this order.</param>
    /// <param name="children">The number of n-grams of the next order; null at the highest order.</param>
    /// <param name="probabilities">The table of probabilities, if they are quantized.</param>
    /// <param name="backoffs">The table of back-off weights, if they are quantized.</param>
    public TrieLevel(FileParts parts, TrieLayout layout, ulong words, ulong count, ulong? children, float* probabilities, float* backoffs)
    {
        (_count, _children, _mostWord) = (count, children ?? 0, words);
        _probabilities = probabilities;
        _backoffs = backoffs;
        _wordBits = TrieLayout.Bits(words);
        _probabilityBits = layout.ProbabilityBits;
        _backoffBits = children is null ? 0 : layout.BackoffBits;
        if (children is { } most)
        {
            _childBits = TrieLayout.Bits(most);
            if (layout.MostTakenBits is { } takenBits)
            {
                // A header of 8 bytes, then the array, at a multiple of 8 bytes: 7 bytes are left over.
                _childBits -= TakenBits(count, most, takenBits);
                _offsetCount = (most >> _childBits) + 1;
                _offsets = (ulong*)(((nint)parts.Address + 7) / 8 * 8) + 1;
                parts.Take(_offsetCount, sizeof(ulong));
                parts.Take(2 * sizeof(ulong) - 1, 1);
            }
        }

        _entryBits = _wordBits + _probabilityBits + _backoffBits + _childBits;
        _entries = parts.Take(TrieLayout.EntryBytes(count, _entryBits), 1);
    }

    /// <summary>Finds a word among the children of an entry.</summary>
    /// <param name="word">The word.</param>
    /// <param name="begin">The place of the first child.</param>
    /// <param name="end">The place after the last.</param>
    /// <param name="place">Receives the place of the word.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Find(int word, ulong begin, ulong end, out ulong place)
    {
        place = 0;
        return (ulong)(uint)word <= _mostWord
            && InterpolationSearch.Find(new Words(_entries, _entryBits, (1UL << _wordBits) - 1), begin, Math.Min(end, _count), _mostWord, (uint)word, out place);
    }

    /// <summary>The probability of an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Probability(ulong place)
    {
        ulong at = place * (uint)_entryBits + (uint)_wordBits;
        return _probabilities == null
            ? BitConverter.UInt32BitsToSingle((uint)Read(at) | SignBit)
            : _probabilities[Read(at + (uint)_backoffBits) & ((1UL << _probabilityBits) - 1)];
    }

    /// <summary>The back-off weight of an entry. There is none at the highest order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float BackoffOf(ulong place)
    {
        ulong at = place * (uint)_entryBits + (uint)_wordBits;
        return _backoffs == null
            ? BitConverter.UInt32BitsToSingle((uint)Read(at + (uint)_probabilityBits))
            : _backoffs[Read(at) & ((1UL << _backoffBits) - 1)];
    }

    /// <summary>The places of the children of an entry. There are none at the highest order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (ulong Begin, ulong End) Children(ulong place)
    {
        ulong at = (place + 1) * (uint)_entryBits - (uint)_childBits, mask = (1UL << _childBits) - 1;
        ulong begin = Read(at) & mask, end = Read(at + (uint)_entryBits) & mask;
        if (_offsets != null)
        {
            ulong high = LastAtMost(place, 0), next = high + 1;
            begin |= high << _childBits;
            end |= (next < _offsetCount && _offsets[next] <= place + 1 ? LastAtMost(place + 1, next) : high) << _childBits;
        }

        return (begin, Math.Min(end, _children));
    }

    /// <summary>How many bits an array takes off the places of children: as many as make the file smallest.</summary>
    private static int TakenBits(ulong count, ulong children, int most)
    {
        int needed = TrieLayout.Bits(children), best = 0;
        long smallest = long.MaxValue;
        for (int taken = 0; taken <= Math.Min(needed, most); taken++)
        {
            long change = (long)((children >> (needed - taken)) * 64) - (long)(count + 1) * taken;
            if (change < smallest)
            {
                (smallest, best) = (change, taken);
            }
        }

        return best;
    }

    /// <summary>The last element of the array that is at most a place, from an element on that is.</summary>
    private ulong LastAtMost(ulong place, ulong first)
    {
        ulong end = _offsetCount;
        while (end - first > 1)
        {
            ulong middle = (first + end) >> 1;
            if (_offsets[middle] <= place)
            {
                first = middle;
            }
            else
            {
                end = middle;
            }
        }

        return first;
    }

    /// <summary>The 57 or more bits from a bit on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Read(ulong bit) => Unsafe.ReadUnaligned<ulong>(_entries + (bit >> 3)) >> (int)(bit & 7);

    private readonly struct Words(byte* entries, int entryBits, ulong mask) : ISortedKeys
    {
        public ulong this[ulong place]
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get
            {
                ulong bit = place * (uint)entryBits;
                return (Unsafe.ReadUnaligned<ulong>(entries + (bit >> 3)) >> (int)(bit & 7)) & mask;
            }
        }
    }
}
