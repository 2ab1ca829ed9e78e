namespace Data2Vec.Training.Schedules;

/// <summary>A learning rate for each update. A schedule has no state.</summary>
public abstract class LearningRateSchedule
{
    /// <summary>The learning rate of an update.</summary>
    /// <param name="update">The number of updates before this one: 0 for the first.</param>
    public abstract double Rate(long update);
}
