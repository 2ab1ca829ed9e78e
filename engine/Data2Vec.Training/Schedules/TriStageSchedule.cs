namespace Data2Vec.Training.Schedules;

/// <summary>
/// Rises linearly, holds, and falls exponentially: <c>TriStageLRSchedule</c> of fairseq (<c>fairseq/optim/lr_scheduler/tri_stage_lr_scheduler.py</c>;
/// SpecAugment, arXiv 1904.08779).
/// </summary>
public sealed class TriStageSchedule : LearningRateSchedule
{
    private readonly double _peak;
    private readonly double _initial;
    private readonly double _final;
    private readonly double _decay;

    /// <summary>Creates a schedule of stages of given lengths.</summary>
    /// <param name="peak">The rate of the middle stage.</param>
    /// <param name="warmUp">Updates of the first stage.</param>
    /// <param name="hold">Updates of the middle stage.</param>
    /// <param name="decay">Updates of the last stage.</param>
    /// <param name="initialScale">The first rate, as a share of the peak (fairseq: <c>init_lr_scale</c>).</param>
    /// <param name="finalScale">The last rate, as a share of the peak (<c>final_lr_scale</c>).</param>
    public TriStageSchedule(double peak, long warmUp, long hold, long decay, double initialScale = 0.01, double finalScale = 0.01)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        ArgumentOutOfRangeException.ThrowIfNegative(hold);
        ArgumentOutOfRangeException.ThrowIfNegative(decay);
        ArgumentOutOfRangeException.ThrowIfNegative(initialScale);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(finalScale);
        _peak = peak;
        _initial = initialScale * peak;
        _final = finalScale * peak;
        WarmUp = warmUp;
        Hold = hold;
        Decay = decay;
        _decay = decay == 0 ? 0 : -Math.Log(finalScale) / decay;
    }

    /// <summary>Updates of the first stage.</summary>
    public long WarmUp { get; }

    /// <summary>Updates of the middle stage.</summary>
    public long Hold { get; }

    /// <summary>Updates of the last stage.</summary>
    public long Decay { get; }

    /// <summary>Creates a schedule of stages that are shares of all updates (fairseq: <c>phase_ratio</c>). Each is rounded down.</summary>
    /// <exception cref="ArgumentException">The shares do not add up to 1.</exception>
    public static TriStageSchedule FromRatios(
        double peak, long updates, double warmUp, double hold, double decay, double initialScale = 0.01, double finalScale = 0.01)
    {
        if (!(Math.Abs(warmUp + hold + decay - 1) < 1e-9))
        {
            throw new ArgumentException($"The stages {warmUp}, {hold} and {decay} must add up to 1.");
        }

        return new TriStageSchedule(
            peak, (long)(updates * warmUp), (long)(updates * hold), (long)(updates * decay), initialScale, finalScale);
    }

    /// <inheritdoc/>
    public override double Rate(long update)
    {
        if (update < WarmUp)
        {
            return _initial + ((_peak - _initial) / WarmUp * update);
        }

        long falling = update - WarmUp - Hold;
        return falling < 0 ? _peak
            : falling <= Decay && Decay > 0 ? _peak * Math.Exp(-_decay * falling)
            : _final;
    }
}
