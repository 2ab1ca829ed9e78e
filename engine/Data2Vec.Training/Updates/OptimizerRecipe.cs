using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Schedules;

namespace Data2Vec.Training.Updates;

/// <summary>How gradients change the parameters.</summary>
internal sealed record OptimizerRecipe
{
    public required LearningRateSchedule Schedule { get; init; }

    public AdamOptions Adam { get; init; } = new();

    /// <summary>The largest norm of a gradient; 0 does not clip.</summary>
    public double ClipNorm { get; init; }

    /// <summary>The weight decay and the rate's factor of a parameter.</summary>
    public Func<Parameter, ParameterGroup> GroupOf { get; init; } = _ => new ParameterGroup(0);
}
