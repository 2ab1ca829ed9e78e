using System.Runtime.InteropServices;
using Data2Vec.Recognition.LanguageModels.Arpa;
using Data2Vec.Recognition.LanguageModels.KenLm;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>Writes a probing file of KenLM.</summary>
internal sealed class ProbingFileWriter : INGramVisitor, IDisposable
{
    private const int KeyBytes = sizeof(ulong);

    private readonly BlankProbabilities _probabilities;
    private readonly FileRegion _unigrams;
    private readonly TableRegion[] _tables;

    private ProbingFileWriter(SafeFileHandle file, SortedModel model, BlankProbabilities probabilities, TemporaryFiles files)
    {
        _probabilities = probabilities;
        ulong[] counts = probabilities.Counts;
        var header = new KenLmHeader(KenLmKind.Probing, NGramConverter.BucketsPerEntry, true, counts);
        var region = new FileRegion(file, 0);
        region.Write(header.Write());
        region.Write(0);
        region.Write(model.Words.Count);
        region.Finish();
        using var index = new TableRegion(file, header.Bytes + 2 * sizeof(uint), counts[0], ArpaVocabulary.EntryBytes, files);
        for (int i = 0; i < model.Words.Hashes.Length; i++)
        {
            ReadOnlySpan<int> id = [i + 1];
            index.Add(model.Words.Hashes[i], MemoryMarshal.AsBytes(id));
        }

        index.Write();
        _unigrams = new FileRegion(file, index.End);
        long position = index.End + ArpaVocabulary.ValueBytes * ((long)counts[0] + 1);
        _tables = new TableRegion[counts.Length - 1];
        for (int i = 0; i < _tables.Length; i++)
        {
            int valueBytes = i == _tables.Length - 1 ? sizeof(float) : 2 * sizeof(float);
            _tables[i] = new TableRegion(file, position, counts[i + 1], KeyBytes + valueBytes, files);
            position = _tables[i].End;
        }

        model.Walk(this);
        _unigrams.Write(0UL);
        _unigrams.Finish();
        foreach (TableRegion table in _tables)
        {
            table.Write();
        }

        NGramConverter.WriteWords(file, position, model.Words);
    }

    /// <summary>Writes a model.</summary>
    public static void Write(SafeFileHandle file, SortedModel model, BlankProbabilities probabilities, TemporaryFiles files)
    {
        using var writer = new ProbingFileWriter(file, model, probabilities, files);
    }

    public void Visit(NGramNode node)
    {
        // The sign tells that no longer n-gram ends with this one.
        float probability = MathF.Abs(_probabilities.Of(node));
        ReadOnlySpan<float> values = [node.HasChildren ? probability : -probability, node.Backoff];
        if (node.Order == 1)
        {
            _unigrams.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        bool isLongest = node.Order - 1 == _tables.Length;
        _tables[node.Order - 2].Add(ProbingTable.Key(node.Words), MemoryMarshal.AsBytes(isLongest ? values[..1] : values));
    }

    public void Dispose()
    {
        foreach (TableRegion table in _tables)
        {
            table.Dispose();
        }
    }
}
