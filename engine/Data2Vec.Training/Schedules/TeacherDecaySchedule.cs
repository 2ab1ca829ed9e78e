namespace Data2Vec.Training.Schedules;

/// <summary>
/// How slowly the teacher follows the student: <c>get_annealed_rate</c> and <c>set_num_updates</c> of fairseq's data2vec models
/// (<c>examples/data2vec/models/data2vec_audio.py</c>). The decay rises linearly from start to end.
/// </summary>
public sealed record TeacherDecaySchedule
{
    /// <summary>Creates a schedule.</summary>
    /// <param name="start">The decay of update 0 (fairseq: <c>ema_decay</c>).</param>
    /// <param name="end">The last decay (<c>ema_end_decay</c>).</param>
    /// <param name="updates">The first update with the last decay (<c>ema_anneal_end_step</c>).</param>
    public TeacherDecaySchedule(double start, double end, long updates)
    {
        if (start is not (>= 0 and <= 1) || end is not (>= 0 and <= 1))
        {
            throw new ArgumentException($"The decays of the teacher, {start} and {end}, must be between 0 and 1.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(updates);
        Start = start;
        End = end;
        Updates = updates;
    }

    /// <summary>The decay of update 0.</summary>
    public double Start { get; }

    /// <summary>The last decay.</summary>
    public double End { get; }

    /// <summary>The first update with the last decay.</summary>
    public long Updates { get; }

    /// <summary>
    /// The decay with which the teacher is averaged before an update. Before update 0 the teacher is a copy of the student instead. Average once
    /// per update, not once per micro-batch.
    /// </summary>
    public double Decay(long update) => update >= Updates ? End : End - ((End - Start) * (1 - (update / (double)Updates)));
}
