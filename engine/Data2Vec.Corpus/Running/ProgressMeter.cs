using System.Diagnostics;

namespace Data2Vec.Corpus;

/// <summary>Counts rows and reports where a worker stands.</summary>
internal sealed class ProgressMeter
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(0.1);

    private readonly IProgress<CorpusProgress>? _progress;
    private readonly SortedDictionary<string, long> _errors = new(StringComparer.Ordinal);
    private readonly long _total;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _skipped, _rows;
    private TimeSpan _reported;

    /// <summary>Starts to count.</summary>
    /// <param name="done">The rows that were done before.</param>
    /// <param name="total">All rows.</param>
    /// <param name="progress">Receives reports.</param>
    public ProgressMeter(long done, long total, IProgress<CorpusProgress>? progress) => (_skipped, _total, _progress) = (done, total, progress);

    /// <summary>Counts a shard that is done already.</summary>
    public void Skip(Shard shard) => _skipped += shard.Rows;

    /// <summary>Between two shards: all rows that are done now, also those of other workers.</summary>
    public void Update(long done) => _skipped = done - _rows;

    /// <summary>Counts a row.</summary>
    public void Add(ShardRow row)
    {
        _rows++;
        if (row.Error is { Kind: var kind })
        {
            _errors[kind] = _errors.GetValueOrDefault(kind) + 1;
        }

        if (_progress is not null && _clock.Elapsed - _reported >= s_between)
        {
            _reported = _clock.Elapsed;
            _progress.Report(Current());
        }
    }

    /// <summary>Reports the end.</summary>
    public CorpusProgress Complete()
    {
        CorpusProgress last = Current();
        _progress?.Report(last);
        return last;
    }

    private CorpusProgress Current() =>
        new(_skipped + _rows, _total, _rows > 0 && _clock.Elapsed > TimeSpan.Zero ? _rows / _clock.Elapsed.TotalSeconds : 0, new Dictionary<string, long>(_errors));
}
