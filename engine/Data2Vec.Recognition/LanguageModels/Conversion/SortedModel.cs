using Data2Vec.Recognition.LanguageModels.Arpa;

namespace Data2Vec.Recognition.LanguageModels.Conversion;

/// <summary>An ARPA file, of which all n-grams but the words are sorted in files. The ids of words are by their hashes.</summary>
internal sealed unsafe class SortedModel : IDisposable
{
    private readonly SortedWords _words;
    private readonly SortedNGrams[] _orders;
    private readonly ConversionProgress _progress;

    /// <summary>Reads a file.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="files">Creates the temporary files.</param>
    /// <param name="progress">Told of each n-gram.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public SortedModel(ArpaReader reader, TemporaryFiles files, ConversionProgress progress)
    {
        _progress = progress;
        Order = reader.Order;
        _words = new SortedWords(reader);
        _orders = [.. Enumerable.Range(2, Order - 1).Select(order => new SortedNGrams(order, files))];
        try
        {
            for (int order = 2; order <= Order; order++)
            {
                Read(reader, order);
            }

            reader.End();
            AddMissing();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Order { get; }

    public SortedWords Words => _words;

    /// <summary>The n-grams of an order from 2 on.</summary>
    public SortedNGrams.Reader Read(int order) => _orders[order - 2].Read();

    /// <summary>Visits the trie. An end of an n-gram that the model lacks is visited too.</summary>
    public void Walk(INGramVisitor visitor)
    {
        SortedNGrams.Reader?[] heads = [.. _orders.Select(order => Advance(order.Read()))];
        Span<int> path = stackalloc int[Order];
        for (int word = 0; word < _words.Count; word++)
        {
            path[0] = word;
            (float probability, float backoff) = _words.Values(word);
            visitor.Visit(new NGramNode(path[..1], 1, probability, backoff, HasChildren(heads, path[..1])));
            WalkChildren(visitor, heads, path, 1, 1, probability);
        }
    }

    public void Dispose()
    {
        _words.Dispose();
        foreach (SortedNGrams order in _orders)
        {
            order.Dispose();
        }
    }

    private static SortedNGrams.Reader? Advance(SortedNGrams.Reader reader) => reader.Next() ? reader : null;

    private static bool HasChildren(SortedNGrams.Reader?[] heads, ReadOnlySpan<int> path)
    {
        for (int i = path.Length - 1; i < heads.Length; i++)
        {
            if (heads[i] is { } head && head.Words.StartsWith(path))
            {
                return true;
            }
        }

        return false;
    }

    private void Read(ArpaReader reader, int order)
    {
        Span<int> words = stackalloc int[order], context = stackalloc int[order - 1];
        context.Fill(-1);
        while (reader.Read(order))
        {
            _progress.Step();
            for (int i = 0; i < order; i++)
            {
                words[order - 1 - i] = _words.IdOf(i);
            }

            _orders[order - 2].Add(words, reader.LogProbability, reader.Backoff);

            // Files are mostly sorted by contexts, so that this leaves out nearly all repetitions.
            if (!context.SequenceEqual(words[1..]))
            {
                words[1..].CopyTo(context);
                AddContext(context);
            }
        }
    }

    private void AddContext(ReadOnlySpan<int> context)
    {
        if (context.Length == 1)
        {
            _words.SetContext(context[0]);
        }
        else
        {
            _orders[context.Length - 2].AddContext(context);
        }
    }

    /// <summary>Ends sorting. A context that the model lacks has a context itself.</summary>
    private void AddMissing()
    {
        for (int order = Order; order >= 2; order--)
        {
            _orders[order - 2].Finish();
            for (SortedNGrams.Reader reader = Read(order); reader.Next();)
            {
                if (reader.Times > 1)
                {
                    throw new InvalidDataException($"the {order}-gram '{_words.Text(reader.Words)}' is given twice");
                }

                if (!reader.IsReal)
                {
                    AddContext(reader.Words[1..]);
                }
            }
        }
    }

    private void WalkChildren(INGramVisitor visitor, SortedNGrams.Reader?[] heads, Span<int> path, int depth, int basis, float probability)
    {
        // A child is in the next order, or a longer n-gram ends with it.
        while (depth < Order)
        {
            int next = int.MaxValue;
            for (int i = depth - 1; i < heads.Length; i++)
            {
                if (heads[i] is { } head && head.Words[depth] < next && head.Words.StartsWith(path[..depth]))
                {
                    next = head.Words[depth];
                }
            }

            if (next == int.MaxValue)
            {
                return;
            }

            path[depth] = next;
            ReadOnlySpan<int> words = path[..(depth + 1)];
            (int childBasis, float childProbability, float backoff) = (basis, probability, KenLm.Backoff.None);
            if (heads[depth - 1] is { } own && own.Words.SequenceEqual(words))
            {
                _progress.Step();
                backoff = own.Backoff;
                if (own.IsReal)
                {
                    (childBasis, childProbability) = (depth + 1, own.Probability);
                }

                heads[depth - 1] = Advance(own);
            }

            visitor.Visit(new NGramNode(words, childBasis, childProbability, backoff, HasChildren(heads, words)));
            WalkChildren(visitor, heads, path, depth + 1, childBasis, childProbability);
        }
    }
}
