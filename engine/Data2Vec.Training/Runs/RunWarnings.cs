using System.Globalization;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Runs;

/// <summary>Notices in the first hundred updates, and later, that a run goes wrong.</summary>
internal sealed class RunWarnings
{
    private const int Watched = 100;

    private readonly HashSet<string> _named = [];
    private double _targets, _predictions;

    /// <summary>What to warn of after an update; null for nothing. A fault is named once.</summary>
    /// <param name="result">The update.</param>
    /// <param name="validation">The validation after it; null for none.</param>
    /// <param name="updates">The updates of the run.</param>
    public string? After(UpdateResult result, Validation? validation, long updates)
    {
        (string Fault, string Text)? found = validation is not null && validation.Values.GetValueOrDefault("blank") > 0.999 ? Blank(result.Update + 1, updates)
            : result.TargetDeviation > 0 ? OfPretraining(result)
            : null;
        return found is { } warning && _named.Add(warning.Fault) ? warning.Text : null;
    }

    private (string Fault, string Text)? OfPretraining(UpdateResult result)
    {
        double share = result.SampleSize / (double)Math.Max(1, result.Rows);
        if (result.Update < Watched)
        {
            // The first updates move the deviations a lot; their greatest is what later ones are compared with.
            (_targets, _predictions) = (Math.Max(_targets, result.TargetDeviation), Math.Max(_predictions, result.PredictionDeviation));
        }

        return result.TargetDeviation < 0.1 * _targets ? ("collapse", Collapse("targets", result.TargetDeviation, _targets))
            : result.Update > Watched && result.PredictionDeviation < 0.01 * _predictions ? ("collapse", Collapse("predictions", result.PredictionDeviation, _predictions))
            : result.Update > 10 && result.Loss < 1e-3 ? ("loss", "the loss is nearly 0: the teacher may have collapsed to the same output for every input")
            : share is < 0.2 or > 0.8 ? ("mask", string.Create(CultureInfo.InvariantCulture, $"{share:0 %} of the rows are masked; 20 to 80 % are usual: see the recipe's mask"))
            : null;
    }

    private static (string Fault, string Text) Blank(long update, long updates) => 2 * update < updates
        ? ("blank", "the model predicts only the blank, as usual at the beginning with CTC; the error rate stays at 1 until letters come")
        : ("blank late", "the model still predicts only the blank: more updates, a higher learning rate or more recordings help; check that the transcripts belong to the recordings");

    private static string Collapse(string what, double now, double before) => string.Create(
        CultureInfo.InvariantCulture,
        $"the deviation of the {what} fell from {before:0.###} to {now:0.####}: the model collapses to the same output for every input; a lower learning rate, a longer warm-up or larger batches help");
}
