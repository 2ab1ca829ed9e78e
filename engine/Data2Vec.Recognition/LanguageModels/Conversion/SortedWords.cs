using System.Text;
using Data2Vec.Recognition.LanguageModels.Arpa;
using Data2Vec.Recognition.LanguageModels.KenLm;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>The words of an ARPA file, with ids in the order of their hashes. <c>&lt;unk&gt;</c> is 0.</summary>
internal sealed unsafe class SortedWords : IDisposable
{
    private readonly ArpaVocabulary _vocabulary;
    private readonly ulong[] _hashes;
    private readonly long[] _starts;
    private readonly int[] _ids, _idsOfFile;

    public SortedWords(ArpaReader reader)
    {
        _vocabulary = new ArpaVocabulary(reader);
        try
        {
            Count = _vocabulary.Count;
            _hashes = new ulong[Count];
            _starts = new long[Count];
            _ids = new int[Count];
            _idsOfFile = new int[Count];
            long start = 0;
            for (int i = 0; i < Count; i++)
            {
                ReadOnlySpan<byte> word = _vocabulary.WordAt(start);
                (_hashes[i], _starts[i], _idsOfFile[i]) = (MurmurHash.Hash(word), start, i);
                start += word.Length + 1;
            }

            Array.Sort(_hashes, _idsOfFile, 1, Count - 1);
            for (int i = 0; i < Count; i++)
            {
                _ids[_idsOfFile[i]] = i;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The number of words, with <c>&lt;unk&gt;</c>.</summary>
    public int Count { get; }

    /// <summary>The hashes of the words but <c>&lt;unk&gt;</c>, ascending.</summary>
    public ReadOnlySpan<ulong> Hashes => _hashes.AsSpan(1);

    /// <summary>The id of a word of the n-gram that was read.</summary>
    public int IdOf(int place) => _ids[_vocabulary.IdOf(place)];

    /// <summary>Says that a bigram begins with a word.</summary>
    public void SetContext(int word)
    {
        float* values = _vocabulary.Values(_idsOfFile[word]);
        values[1] = Backoff.Kept(values[1]);
    }

    /// <summary>The log-probability and the back-off weight of a word.</summary>
    public (float Probability, float Backoff) Values(int word)
    {
        float* values = _vocabulary.Values(_idsOfFile[word]);
        return (values[0], values[1]);
    }

    /// <summary>A word in UTF-8.</summary>
    public ReadOnlySpan<byte> Word(int word) => _vocabulary.WordAt(_starts[_idsOfFile[word]]);

    /// <summary>The words of an n-gram, for messages.</summary>
    /// <param name="newestFirst">The words.</param>
    public string Text(ReadOnlySpan<int> newestFirst)
    {
        var text = new StringBuilder();
        for (int i = newestFirst.Length - 1; i >= 0; i--)
        {
            text.Append(Encoding.UTF8.GetString(Word(newestFirst[i]))).Append(i > 0 ? " " : "");
        }

        return text.ToString();
    }

    public void Dispose() => _vocabulary.Dispose();
}
