using Data2Vec.Recognition.LanguageModels.KenLm;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>Writes a trie of KenLM.</summary>
internal sealed class TrieFileWriter : INGramVisitor
{
    private const int UnigramBytes = 16;

    private readonly BlankProbabilities _probabilities;
    private readonly FileRegion _unigrams;
    private readonly FileRegion[] _levels;
    private readonly ulong[] _written;
    private readonly int[] _childBits;
    private readonly int _wordBits;

    private TrieFileWriter(SafeFileHandle file, SortedModel model, BlankProbabilities probabilities)
    {
        _probabilities = probabilities;
        ulong[] counts = probabilities.Counts;
        var header = new KenLmHeader(KenLmKind.Trie, NGramConverter.BucketsPerEntry, true, counts);
        var region = new FileRegion(file, 0);
        region.Write(header.Write());
        region.Write((ulong)model.Words.Hashes.Length);
        foreach (ulong hash in model.Words.Hashes)
        {
            region.Write(hash);
        }

        // The vocabulary has room for as many hashes as there are words, with <unk>.
        region.Write(0UL);
        region.Finish();
        long position = header.Bytes + sizeof(ulong) * (1 + (long)counts[0]);
        _unigrams = new FileRegion(file, position);
        position += UnigramBytes * ((long)counts[0] + 2);
        _wordBits = TrieLayout.Bits(counts[0]);
        _levels = new FileRegion[counts.Length - 1];
        _written = new ulong[counts.Length + 1];
        _childBits = new int[_levels.Length];
        for (int i = 0; i < _levels.Length; i++)
        {
            bool isLast = i == _levels.Length - 1;
            _childBits[i] = isLast ? 0 : TrieLayout.Bits(counts[i + 2]);
            _levels[i] = new FileRegion(file, position);
            TrieLayout layout = TrieLayout.Plain;
            position += (long)TrieLayout.EntryBytes(counts[i + 1], _wordBits + layout.ProbabilityBits + (isLast ? 0 : layout.BackoffBits) + _childBits[i]);
        }

        model.Walk(this);
        Finish();
        NGramConverter.WriteWords(file, position, model.Words);
    }

    /// <summary>Writes a model.</summary>
    public static void Write(SafeFileHandle file, SortedModel model, BlankProbabilities probabilities) => _ = new TrieFileWriter(file, model, probabilities);

    public void Visit(NGramNode node)
    {
        float probability = _probabilities.Of(node);
        int order = node.Order;
        _written[order]++;
        if (order == 1)
        {
            _unigrams.Write(probability);
            _unigrams.Write(node.Backoff);
            _unigrams.Write(_written[2]);
            return;
        }

        WriteEntry(order, node.Words[^1], probability, node.Backoff);
    }

    private void WriteEntry(int order, int word, float probability, float backoff)
    {
        FileRegion level = _levels[order - 2];
        TrieLayout layout = TrieLayout.Plain;
        level.WriteBits((uint)word, _wordBits);
        level.WriteBits(BitConverter.SingleToUInt32Bits(MathF.Abs(probability)), layout.ProbabilityBits);
        if (order - 1 < _levels.Length)
        {
            level.WriteBits(BitConverter.SingleToUInt32Bits(backoff), layout.BackoffBits);
            level.WriteBits(_written[order + 1], _childBits[order - 2]);
        }
    }

    /// <summary>Ends each level with an entry that ends the children of the last, and with 8 bytes more.</summary>
    private void Finish()
    {
        _unigrams.Write(0UL);
        _unigrams.Write(_written[2]);
        _unigrams.Write(0UL);
        _unigrams.Write(0UL);
        _unigrams.Finish();
        for (int i = 0; i < _levels.Length; i++)
        {
            WriteEntry(i + 2, 0, 0, 0);
            _levels[i].Finish();
            _levels[i].Write(0UL);
            _levels[i].Finish();
        }
    }
}
