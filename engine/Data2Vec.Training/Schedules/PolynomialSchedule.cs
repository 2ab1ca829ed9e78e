namespace Data2Vec.Training.Schedules;

/// <summary>
/// Rises linearly from 0 and falls as a power of the remaining share: <c>PolynomialDecayLRSchedule</c> of fairseq
/// (<c>fairseq/optim/lr_scheduler/polynomial_decay_schedule.py</c>). With power 1 it is the linear schedule of BERT.
/// </summary>
public sealed class PolynomialSchedule : LearningRateSchedule
{
    private readonly double _peak;
    private readonly double _end;
    private readonly double _power;
    private readonly long _warmUp;
    private readonly long _updates;

    /// <summary>Creates a schedule.</summary>
    /// <param name="peak">The rate of the update after the warm-up.</param>
    /// <param name="updates">The update from which the rate is <paramref name="end"/> (fairseq: <c>total_num_update</c>).</param>
    /// <param name="warmUp">Updates of the warm-up.</param>
    /// <param name="end">The last rate (<c>end_learning_rate</c>).</param>
    /// <param name="power">The exponent.</param>
    public PolynomialSchedule(double peak, long updates, long warmUp = 0, double end = 0, double power = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(updates);
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        _peak = peak;
        _updates = updates;
        _warmUp = warmUp;
        _end = end;
        _power = power;
    }

    /// <inheritdoc/>
    public override double Rate(long update)
    {
        if (_warmUp > 0 && update <= _warmUp)
        {
            return update / (double)_warmUp * _peak;
        }

        if (update >= _updates)
        {
            return _end;
        }

        double remaining = 1 - ((update - _warmUp) / (double)(_updates - _warmUp));
        return ((_peak - _end) * Math.Pow(remaining, _power)) + _end;
    }
}
