namespace Data2Vec.Training.Schedules;

/// <summary>
/// Rises linearly and falls as half a cosine: <c>CosineLRSchedule</c> of fairseq (<c>fairseq/optim/lr_scheduler/cosine_lr_scheduler.py</c>;
/// SGDR, arXiv 1608.03983). After a period it starts again, lower.
/// </summary>
public sealed class CosineSchedule : LearningRateSchedule
{
    private readonly double _peak;
    private readonly double _minimum;
    private readonly double _first;
    private readonly long _warmUp;
    private readonly double _period;

    /// <summary>Creates a schedule.</summary>
    /// <param name="peak">The rate after the warm-up.</param>
    /// <param name="updates">All updates. The first period begins after the warm-up and ends there.</param>
    /// <param name="warmUp">Updates of the warm-up.</param>
    /// <param name="minimum">The rate at the end of the period (fairseq: <c>min_lr</c>).</param>
    /// <param name="warmUpFrom">The rate of update 0 if there is a warm-up (<c>warmup_init_lr</c>). Default: <paramref name="minimum"/>.</param>
    /// <exception cref="ArgumentException">No updates follow the warm-up.</exception>
    public CosineSchedule(double peak, long updates, long warmUp = 0, double minimum = 0, double? warmUpFrom = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        if (updates <= warmUp)
        {
            throw new ArgumentException($"The warm-up of {warmUp} updates must end before all {updates} updates are done.", nameof(warmUp));
        }

        _peak = peak;
        _minimum = Math.Min(minimum, peak);
        _first = warmUpFrom ?? _minimum;
        _warmUp = warmUp;
        _period = updates - warmUp;
    }

    /// <summary>Updates of the first period (<c>lr_period_updates</c>). Default: all updates after the warm-up.</summary>
    public double Period
    {
        get => _period;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            _period = value;
        }
    }

    /// <summary>How much longer each period is than the one before (<c>t_mult</c>).</summary>
    public double PeriodGrowth { get; init; } = 1;

    /// <summary>How high each period is compared with the one before (<c>lr_shrink</c>).</summary>
    public double Shrink { get; init; } = 0.1;

    /// <inheritdoc/>
    public override double Rate(long update)
    {
        if (update < _warmUp)
        {
            return _first + (update * ((_peak - _first) / _warmUp));
        }

        double inPeriod = update - _warmUp;
        double period = _period;
        double index;
        if (PeriodGrowth == 1)
        {
            index = Math.Floor(inPeriod / period);
            inPeriod -= period * index;
        }
        else
        {
            double growth = PeriodGrowth;
            index = Math.Floor(Math.Log(1 - (inPeriod / period * (1 - growth))) / Math.Log(growth));
            inPeriod -= (1 - Math.Pow(growth, index)) / (1 - growth) * period;
            period *= Math.Pow(growth, index);
        }

        double shrink = Math.Pow(Shrink, index);
        double minimum = _minimum * shrink;
        return minimum + (0.5 * ((_peak * shrink) - minimum) * (1 + Math.Cos(Math.PI * inPeriod / period)));
    }
}
