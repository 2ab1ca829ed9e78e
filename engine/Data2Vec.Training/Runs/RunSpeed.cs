using System.Diagnostics;

namespace Data2Vec.Training.Runs;

/// <summary>How fast a run has been lately.</summary>
internal sealed class RunSpeed
{
    private const double Fade = 0.9;

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private double _seconds, _rows, _updates;

    /// <summary>The rows in a second.</summary>
    public double RowsPerSecond => _seconds == 0 ? 0 : _rows / _seconds;

    /// <summary>Begins to measure an update, with the reading of its data.</summary>
    public void Start() => _watch.Restart();

    /// <summary>Ends it.</summary>
    public void Stop(long rows)
    {
        _seconds = _seconds * Fade + _watch.Elapsed.TotalSeconds;
        _rows = _rows * Fade + rows;
        _updates = _updates * Fade + 1;
    }

    /// <summary>The time that a number of updates will take.</summary>
    public TimeSpan TimeFor(long updates) => _updates == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(updates * _seconds / _updates);
}
