using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Decoding;

/// <summary>
/// What comes before the next word, as numbers: states of a language model, or whole word histories. Remembers the scores of words after each.
/// </summary>
internal sealed class WordContexts
{
    /// <summary>The context at the beginning.</summary>
    public const int Start = 0;

    private const int FirstLimit = 1 << 18;

    private readonly NGramModel? _model;
    private readonly int[] _modelWords;
    private readonly Dictionary<NGramState, int>? _numbers;
    private NGramState[] _states = new NGramState[1 << 8];
    private int _contexts;
    private Entry[] _entries = new Entry[1 << 14];
    private int _entryCount, _limit = FirstLimit, _shift = 64 - 14;

    /// <param name="model">The model; null for none.</param>
    /// <param name="modelWords">The model's id of each word.</param>
    /// <param name="merging">Which histories are the same context.</param>
    public WordContexts(NGramModel? model, int[] modelWords, HypothesisMerging merging)
    {
        (_model, _modelWords) = (model, modelWords);
        _numbers = merging == HypothesisMerging.ModelState ? [] : null;
        Number(model?.BeginOfSentence ?? default);
    }

    /// <summary>Whether <see cref="Compact"/> is due.</summary>
    public bool IsFull => _entryCount > _limit;

    /// <summary>log10 of the probability that the text ends.</summary>
    public float ScoreEnd(int context) => _model is null ? 0 : _model.Score(_states[context], _model.EndOfSentence, out _);

    /// <summary>Scores the next word.</summary>
    /// <param name="context">What comes before.</param>
    /// <param name="word">The word; -1 for one that is not in the lexicon.</param>
    /// <param name="next">Receives the context after it.</param>
    /// <returns>log10 of its probability.</returns>
    public float Score(int context, int word, out int next)
    {
        ulong key = Key(context, word);
        Entry[] entries = _entries;
        int mask = entries.Length - 1;
        for (int i = (int)(key * 0x9E3779B97F4A7C15 >> _shift); ; i = (i + 1) & mask)
        {
            ref Entry entry = ref entries[i];
            if (entry.Key == key)
            {
                next = entry.Next;
                return entry.Score;
            }

            if (entry.Key == 0)
            {
                entry.Key = key;
                return Add(ref entry, context, word, out next);
            }
        }
    }

    /// <summary>Forgets all contexts but some and, of word histories, those that these begin with. The contexts get new numbers.</summary>
    public void Compact(Span<int> contexts)
    {
        int[] parents = Parents(), moved = new int[_contexts];
        bool[] isKept = new bool[_contexts];
        isKept[Start] = true;
        foreach (int context in contexts)
        {
            for (int i = context; !isKept[i]; i = parents[i])
            {
                isKept[i] = true;
            }
        }

        (NGramState[] states, Entry[] entries) = (_states, _entries);
        _states = new NGramState[1 << 8];
        _numbers?.Clear();
        _contexts = 0;
        for (int i = 0; i < moved.Length; i++)
        {
            moved[i] = isKept[i] ? Number(states[i]) : -1;
        }

        foreach (ref int context in contexts)
        {
            context = moved[context];
        }

        // The words between contexts that are kept say which word histories are the same.
        _entries = new Entry[entries.Length];
        _entryCount = 0;
        foreach (Entry entry in entries)
        {
            if (entry.Key != 0 && isKept[ContextOf(entry.Key)] && isKept[entry.Next])
            {
                Insert(entry with { Key = Key(moved[ContextOf(entry.Key)], WordOf(entry.Key)), Next = moved[entry.Next] });
                _entryCount++;
            }
        }

        _limit = Math.Max(FirstLimit, 2 * _entryCount);
    }

    /// <summary>The word history before the last word of each. States of a language model have none.</summary>
    private int[] Parents()
    {
        int[] parents = new int[_contexts];
        foreach (Entry entry in _numbers is null ? _entries : [])
        {
            if (entry.Key != 0)
            {
                parents[entry.Next] = ContextOf(entry.Key);
            }
        }

        return parents;
    }

    private float Add(ref Entry entry, int context, int word, out int next)
    {
        NGramState after = default;
        float score = _model is null ? 0 : _model.Score(_states[context], word < 0 ? NGramModel.Unknown : _modelWords[word], out after);
        next = Number(after);
        (entry.Score, entry.Next) = (score, next);
        if (++_entryCount * 2 > _entries.Length)
        {
            Grow();
        }

        return score;
    }

    private int Number(in NGramState state)
    {
        if (_numbers is not null && _numbers.TryGetValue(state, out int number))
        {
            return number;
        }

        if (_contexts == _states.Length)
        {
            Array.Resize(ref _states, _contexts * 2);
        }

        _states[_contexts] = state;
        _numbers?.Add(state, _contexts);
        return _contexts++;
    }

    private void Grow()
    {
        Entry[] old = _entries;
        _entries = new Entry[old.Length * 2];
        _shift--;
        foreach (Entry entry in old)
        {
            if (entry.Key != 0)
            {
                Insert(entry);
            }
        }
    }

    private void Insert(in Entry entry)
    {
        int mask = _entries.Length - 1, i = (int)(entry.Key * 0x9E3779B97F4A7C15 >> _shift);
        while (_entries[i].Key != 0)
        {
            i = (i + 1) & mask;
        }

        _entries[i] = entry;
    }

    private static ulong Key(int context, int word) => ((ulong)(uint)context << 32 | (uint)(word + 1)) + 1;

    private static int ContextOf(ulong key) => (int)((key - 1) >> 32);

    private static int WordOf(ulong key) => (int)(uint)(key - 1) - 1;

    private struct Entry
    {
        public ulong Key;
        public float Score;
        public int Next;
    }
}
