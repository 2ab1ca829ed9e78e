using System.Runtime.CompilerServices;
using Data2Vec.Recognition.LanguageModels.KenLm;

namespace Data2Vec.Recognition.LanguageModels.Arpa;

/// <summary>Loads ARPA files into hash tables outside the managed heap.</summary>
internal sealed unsafe class ArpaLoader : IDisposable
{
    private const int KeyBytes = sizeof(ulong), MiddleBytes = KeyBytes + 2 * sizeof(float), LongestBytes = KeyBytes + sizeof(float);

    private readonly ArpaVocabulary _vocabulary;
    private readonly NativeTable[] _tables;

    private ArpaLoader(ArpaReader reader)
    {
        _vocabulary = new ArpaVocabulary(reader);
        _tables =
        [
            .. Enumerable.Range(2, reader.Order - 1)
                .Select(order => new NativeTable(order == reader.Order ? LongestBytes : MiddleBytes, reader.Counts[order - 1])),
        ];
    }

    /// <summary>Reads a model.</summary>
    /// <param name="text">The text, not compressed.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static ProbingModel Load(Stream text)
    {
        using var reader = new ArpaReader(text);
        var loader = new ArpaLoader(reader);
        try
        {
            for (int order = 2; order <= reader.Order; order++)
            {
                loader.Read(reader, order);
            }

            reader.End();
            return loader.Model(reader.Counts);
        }
        catch
        {
            loader.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _vocabulary.Dispose();
        foreach (NativeTable table in _tables)
        {
            table.Dispose();
        }
    }

    private ProbingModel Model(IReadOnlyList<long> counts)
    {
        foreach (NativeTable table in _tables)
        {
            table.EnsureBuckets();
        }

        return new ProbingModel(
            this,
            "ARPA",
            counts,
            _vocabulary.Index.Table,
            _vocabulary.Count,
            (nint)_vocabulary.Values(0),
            ArpaVocabulary.ValueBytes,
            [.. _tables.Select(table => table.Table)],
            _vocabulary.Words);
    }

    private void Read(ArpaReader reader, int order)
    {
        Span<int> words = stackalloc int[order];
        while (reader.Read(order))
        {
            for (int i = 0; i < order; i++)
            {
                words[order - 1 - i] = _vocabulary.IdOf(i);
            }

            if (_tables[order - 2].Find(ProbingTable.Key(words)) != null)
            {
                throw reader.Error($"the {order}-gram {reader.Quoted(order)} is given twice");
            }

            Link(words);
            Add(words, reader.LogProbability, reader.Backoff);
        }
    }

    private void Add(ReadOnlySpan<int> words, float probability, float backoff)
    {
        byte* values = _tables[words.Length - 2].Add(ProbingTable.Key(words)) + KeyBytes;
        Unsafe.WriteUnaligned(values, -MathF.Abs(probability));
        if (words.Length <= _tables.Length)
        {
            Unsafe.WriteUnaligned(values + sizeof(float), backoff == 0 ? Backoff.None : backoff);
        }
    }

    /// <summary>
    /// Marks that a longer n-gram ends with the newest words of this one, and that one continues its oldest words. Both are added where the model lacks them.
    /// </summary>
    /// <param name="words">The words of the n-gram, newest first.</param>
    /// <returns>What back-off gives as the log-probability of the n-gram.</returns>
    private float Link(ReadOnlySpan<int> words)
    {
        byte* end = ValuesOf(words[..^1]);
        float probability = MathF.Abs(Unsafe.ReadUnaligned<float>(end));
        Unsafe.WriteUnaligned(end, probability);
        byte* begin = ValuesOf(words[1..]);
        float backoff = Backoff.Kept(Unsafe.ReadUnaligned<float>(begin + sizeof(float)));
        Unsafe.WriteUnaligned(begin + sizeof(float), backoff);
        return backoff - probability;
    }

    /// <summary>The probability and the back-off weight of an n-gram. If the model lacks it, it is added with what back-off gives.</summary>
    private byte* ValuesOf(ReadOnlySpan<int> words)
    {
        if (words.Length == 1)
        {
            return (byte*)_vocabulary.Values(words[0]);
        }

        byte* entry = _tables[words.Length - 2].Find(ProbingTable.Key(words));
        if (entry == null)
        {
            Add(words, Math.Min(0, Link(words)), 0);
            entry = _tables[words.Length - 2].Find(ProbingTable.Key(words));
        }

        return entry + KeyBytes;
    }
}
