namespace Data2Vec.Training.Schedules;

/// <summary>One rate, with an optional linear warm-up: <c>fixed</c> of fairseq (<c>fairseq/optim/lr_scheduler/fixed_schedule.py</c>).</summary>
public sealed class ConstantSchedule : LearningRateSchedule
{
    private readonly double _rate;
    private readonly long _warmUp;

    /// <summary>Creates a schedule.</summary>
    /// <param name="rate">The rate.</param>
    /// <param name="warmUp">The updates of the warm-up, whose last has the full rate.</param>
    public ConstantSchedule(double rate, long warmUp = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rate);
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        (_rate, _warmUp) = (rate, warmUp);
    }

    /// <inheritdoc/>
    public override double Rate(long update) => update < _warmUp ? _rate * (update + 1) / _warmUp : _rate;
}
