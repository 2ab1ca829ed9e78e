using System.Globalization;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Runs;

/// <summary>Notices in the first hundred updates, and later, that a run goes wrong.</summary>
internal sealed class RunWarnings
{
    private const int Watched = 100;

    private double _targets, _predictions, _clipped;
    private bool _warned;

    /// <summary>What to warn of after an update; null for nothing. A fault is named once.</summary>
    public string? After(UpdateResult result)
    {
        if (result.TeacherDecay == 0 && result.TargetDeviation == 0)
        {
            return null;
        }

        _clipped = Math.Max(_clipped, result.TargetDeviation);
        if (result.Update < Watched)
        {
            // The first updates move the deviations a lot; their greatest is what later ones are compared with.
            (_targets, _predictions) = (Math.Max(_targets, result.TargetDeviation), Math.Max(_predictions, result.PredictionDeviation));
        }

        string? fault = result.TargetDeviation < 0.1 * _targets ? Collapse("targets", result.TargetDeviation, _targets)
            : result.Update > Watched && result.PredictionDeviation < 0.01 * _predictions ? Collapse("predictions", result.PredictionDeviation, _predictions)
            : result.Update > 10 && result.Loss < 1e-3 ? "the loss is nearly 0: the teacher may have collapsed to the same output for every input"
            : null;
        if (fault is null || _warned)
        {
            return null;
        }

        _warned = true;
        return fault;
    }

    private static string Collapse(string what, double now, double before) => string.Create(
        CultureInfo.InvariantCulture,
        $"the deviation of the {what} fell from {before:0.###} to {now:0.####}: the model collapses to the same output for every input; a lower learning rate, a longer warm-up or larger batches help");
}
