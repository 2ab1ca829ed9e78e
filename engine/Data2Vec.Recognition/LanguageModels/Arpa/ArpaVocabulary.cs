using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Data2Vec.IO;
using Data2Vec.Recognition.LanguageModels.KenLm;

namespace Data2Vec.Recognition.LanguageModels.Arpa;

/// <summary>The words of an ARPA file with their probabilities and back-off weights. Ids are in the order of the file; <c>&lt;unk&gt;</c> is 0.</summary>
internal sealed unsafe class ArpaVocabulary : IDisposable
{
    /// <summary>The bytes of an entry of <see cref="Index"/>: the hash and the id.</summary>
    public const int EntryBytes = sizeof(ulong) + sizeof(int);

    /// <summary>The bytes of the values of a word.</summary>
    public const int ValueBytes = 2 * sizeof(float);

    /// <summary>The log-probability of unknown words where the file has none, as in KenLM.</summary>
    private const float UnknownProbability = -100;

    private readonly ArpaReader _reader;
    private readonly NativeBytes _values = new(), _words = new();

    /// <summary>Reads the words.</summary>
    public ArpaVocabulary(ArpaReader reader)
    {
        _reader = reader;
        Index = new NativeTable(EntryBytes, reader.Counts[0]);
        AddValues(UnknownProbability, Backoff.None);
        AddWord("<unk>"u8);
        while (reader.Read(1))
        {
            ReadOnlySpan<byte> word = reader.Word(0);
            if (IsUnknown(word))
            {
                WriteValues(Values(NGramModel.Unknown), reader.LogProbability, reader.Backoff);
                continue;
            }

            ulong hash = MurmurHash.Hash(word);
            if (hash == 0 || Index.Find(hash) != null)
            {
                throw reader.Error($"the word {reader.Quoted(1)} is given twice");
            }

            Unsafe.WriteUnaligned(Index.Add(hash) + sizeof(ulong), Count);
            AddValues(reader.LogProbability, reader.Backoff);
            AddWord(word);
        }

        Index.EnsureBuckets();
    }

    /// <summary>The number of words.</summary>
    public int Count { get; private set; }

    /// <summary>The ids of the words by their hashes.</summary>
    public NativeTable Index { get; }

    public WordList Words => new("ARPA", _words.Start, (ulong)_words.Length, Count);

    /// <summary>The word that begins at a byte of the list of words, each of which ends with NUL.</summary>
    public ReadOnlySpan<byte> WordAt(long start) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(_words.Start + start);

    /// <summary>The probability and the back-off weight of a word.</summary>
    public float* Values(int id) => (float*)(_values.Start + (long)id * ValueBytes);

    /// <summary>The id of a word of the n-gram that was read.</summary>
    public int IdOf(int place)
    {
        ReadOnlySpan<byte> word = _reader.Word(place);
        byte* entry = Index.Find(MurmurHash.Hash(word));
        return entry != null ? Unsafe.ReadUnaligned<int>(entry + sizeof(ulong))
            : IsUnknown(word) ? NGramModel.Unknown
            : throw _reader.Error($"the word {System.Text.Encoding.UTF8.GetString(word).AsSpan().Quote()} is not among the 1-grams");
    }

    public void Dispose()
    {
        Index.Dispose();
        _values.Dispose();
        _words.Dispose();
    }

    private static bool IsUnknown(ReadOnlySpan<byte> word) => word.SequenceEqual("<unk>"u8) || word.SequenceEqual("<UNK>"u8);

    // The sign of a probability says that no longer n-gram ends with the word.
    private static void WriteValues(float* values, float probability, float backoff)
    {
        values[0] = -MathF.Abs(probability);
        values[1] = backoff == 0 ? Backoff.None : backoff;
    }

    private void AddValues(float probability, float backoff)
    {
        Span<float> values = stackalloc float[2];
        fixed (float* pointer = values)
        {
            WriteValues(pointer, probability, backoff);
        }

        _values.Add(MemoryMarshal.AsBytes(values));
    }

    private void AddWord(ReadOnlySpan<byte> word)
    {
        Count = word.Contains((byte)0) ? throw _reader.Error("the word has a NUL byte") : checked(Count + 1);
        _words.Add(word);
        _words.Add([0]);
    }
}
