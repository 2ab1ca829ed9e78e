namespace Data2Vec.Training.Data;

/// <summary>Reports the items that batches were loaded without, each once, and ends the run if there are too many.</summary>
internal sealed class BadItems(BatchReaderOptions options)
{
    private readonly HashSet<string> _reported = [];
    private SkippedItem _first;
    private long _bad;
    private long _tried;

    /// <summary>Takes what was skipped in a batch. Batches come in their order, so that the outcome does not depend on timing.</summary>
    /// <exception cref="InvalidDataException">The run ends.</exception>
    public void Take(IReadOnlyList<SkippedItem> skipped, int planned)
    {
        _tried += planned;
        foreach (SkippedItem item in skipped)
        {
            if (item.IsBad)
            {
                _first = _bad++ == 0 ? item : _first;
                if (options.Strict)
                {
                    throw new InvalidDataException(item.ToString());
                }
            }

            if (_reported.Add(item.Name))
            {
                options.Report?.Invoke(item);
            }
        }

        BadItemLimit.Check(_bad, _tried, () => _first);
    }
}
