using System.Buffers.Binary;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>
/// Finds the probabilities of n-grams that the model lacks, but that the trie must have, because longer ones end with them: the probability of their longest
/// end that the model has, and the back-off weights of the contexts in between. The weights are found by sorting, as the n-grams may not fit into memory.
/// </summary>
internal sealed class BlankProbabilities : INGramVisitor, IDisposable
{
    private const int ShortestSorted = 2;

    private readonly SortedModel _model;

    // By the number of words of a context: where its back-off weight is wanted. By the order of blanks: the weights.
    private readonly ExternalSorter?[] _wanted, _weights;
    private readonly SortedRecords?[] _read;
    private readonly bool[] _hasWeight;
    private readonly long[] _blanks, _next;

    /// <summary>Visits all n-grams once.</summary>
    public BlankProbabilities(SortedModel model, TemporaryFiles files)
    {
        _model = model;
        int size = model.Order + 1;
        (_wanted, _weights, _read) = (new ExternalSorter?[size], new ExternalSorter?[size], new SortedRecords?[size]);
        (_blanks, _next, _hasWeight, Counts) = (new long[size], new long[size], new bool[size], new ulong[model.Order]);
        for (int length = ShortestSorted; length + 1 < model.Order; length++)
        {
            _wanted[length] = new ExternalSorter(length * sizeof(int) + 1 + sizeof(long), length * sizeof(int), files);
            _weights[length + 1] = new ExternalSorter(sizeof(long) + sizeof(float), sizeof(long), files);
        }

        model.Walk(this);
        Join();
        for (int order = ShortestSorted + 1; order < model.Order; order++)
        {
            _weights[order]!.Finish();
            _read[order] = _weights[order]!.Read();
            _hasWeight[order] = _read[order]!.Read();
        }
    }

    /// <summary>The number of n-grams of each order, with those that the model lacks.</summary>
    public ulong[] Counts { get; }

    /// <summary>The log-probability of an n-gram. Those that the model lacks must be asked for in the order of the trie, each once.</summary>
    public float Of(NGramNode node)
    {
        float sum = node.Probability;
        if (!node.IsBlank)
        {
            return sum;
        }

        if (node.Basis == 1)
        {
            sum += _model.Words.Values(node.Words[1]).Backoff;
        }

        long number = _next[node.Order]++;
        while (_hasWeight[node.Order] && BinaryPrimitives.ReadInt64BigEndian(_read[node.Order]!.Current) == number)
        {
            sum += BinaryPrimitives.ReadSingleLittleEndian(_read[node.Order]!.Current[sizeof(long)..]);
            _hasWeight[node.Order] = _read[node.Order]!.Read();
        }

        return Math.Min(0, sum);
    }

    public void Visit(NGramNode node)
    {
        Counts[node.Order - 1]++;
        if (!node.IsBlank)
        {
            return;
        }

        long number = _blanks[node.Order]++;
        Span<byte> room = stackalloc byte[NGramModel.MaxOrder * sizeof(int) + 1 + sizeof(long)];
        for (int length = Math.Max(ShortestSorted, node.Basis); length < node.Order; length++)
        {
            ExternalSorter wanted = _wanted[length]!;
            Span<byte> record = room[..wanted.RecordBytes];
            SortedNGrams.WriteWords(node.Words.Slice(1, length), record);
            record[length * sizeof(int)] = (byte)node.Order;
            BinaryPrimitives.WriteInt64BigEndian(record[(length * sizeof(int) + 1)..], number);
            wanted.Add(record);
        }
    }

    public void Dispose()
    {
        foreach (ExternalSorter? sorter in _wanted.Concat(_weights))
        {
            sorter?.Dispose();
        }
    }

    private void Join()
    {
        Span<byte> weight = stackalloc byte[sizeof(long) + sizeof(float)];
        for (int length = ShortestSorted; length + 1 < _model.Order; length++)
        {
            _wanted[length]!.Finish();
            SortedRecords wanted = _wanted[length]!.Read();
            SortedNGrams.Reader contexts = _model.Read(length);
            bool hasContext = contexts.Next();
            while (wanted.Read())
            {
                ReadOnlySpan<byte> context = wanted.Current[..(length * sizeof(int))], place = wanted.Current[context.Length..];
                while (hasContext && contexts.Key.SequenceCompareTo(context) < 0)
                {
                    hasContext = contexts.Next();
                }

                if (hasContext && contexts.Backoff != 0 && contexts.Key.SequenceEqual(context))
                {
                    place[1..].CopyTo(weight);
                    BinaryPrimitives.WriteSingleLittleEndian(weight[sizeof(long)..], contexts.Backoff);
                    _weights[place[0]]!.Add(weight);
                }
            }

            _wanted[length]!.Dispose();
        }
    }
}
