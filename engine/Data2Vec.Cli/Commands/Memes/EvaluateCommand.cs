using Data2Vec.Memes;
using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Features;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Cli;

/// <summary><c>data2vec memes evaluate</c>: evaluates a model's scores.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var command = new Command("evaluate", "Evaluate a model's scores on the validation memes of lists");
        Option<string> model = ScoreCommand.Model();
        command.Add(model);
        ListArguments lists = ListArguments.AddTo(command);
        Option<string?> plot = OptionFactory.Plot("Draw the precision-recall curve");
        Option<float> threshold = ScoreCommand.Threshold();
        Option<double?> precision = Share("--precision", "Choose the threshold instead: that of the highest recall with at least this precision");
        Option<double?> recall = Share("--recall", "Choose the threshold instead: that of the highest precision with at least this recall");
        command.Add(threshold, precision, recall, plot);
        command.Validators.Add(result =>
        {
            if (new Option[] { threshold, precision, recall }.Count(option => result.GetResult(option) is { Implicit: false }) > 1)
            {
                result.AddError("give one of --threshold, --precision and --recall");
            }
        });
        ReadingArguments reading = ReadingArguments.AddTo(command);
        command.SetAction(parsed =>
        {
            string file = Files.RequireFile(parsed.GetRequiredValue(model));
            string? picture = parsed.GetValue(plot);
            Files.RequireOutput(picture, [file, .. lists.Paths(parsed)]);
            (string Path, bool Label)[] memes = lists.Read(parsed, MemeList.ValidationPath);
            return reading.Run(parsed, options => MemeClassifier.Load(file, options), classifier =>
            {
                Examples examples = lists.Extract(parsed, classifier.Encoders, memes, reading, store => ListArguments.Examples(store, memes));
                float[] scores = classifier.ScoreFeatures(examples.Features);
                Print(scores, examples.Labels, Choose(scores, examples.Labels, parsed.GetValue(threshold), parsed.GetValue(precision), parsed.GetValue(recall)), parsed.InvocationConfiguration.Output);
                if (picture is not null)
                {
                    if (!examples.Labels.Contains(true))
                    {
                        throw new InvalidDataException("a precision-recall curve needs positive memes, and none can be read");
                    }

                    Files.WriteWhole(picture, stream => stream.Write(MemePlots.PrecisionRecall(
                        Metrics.PrecisionRecallCurve(scores, examples.Labels), Metrics.AveragePrecision(scores, examples.Labels), picture)));
                }

                return reading.Finish(parsed, memes.Select(meme => meme.Path));
            });
        });
        return command;
    }

    /// <summary>The average precision as text; a dash without positive memes.</summary>
    public static string AveragePrecision(IReadOnlyList<float> scores, IReadOnlyList<bool> labels) =>
        labels.Contains(true) ? Metrics.AveragePrecision(scores, labels).ToString("0.000", CultureInfo.InvariantCulture) : "-";

    private static Option<double?> Share(string name, string description) => new Option<double?>(name) { Description = description, HelpName = "X" }
        .Check(value => double.TryParse(value, CultureInfo.InvariantCulture, out double share) && share is > 0 and <= 1, _ => $"{name} must be a number above 0 and up to 1");

    /// <summary>The threshold that was given, or that of the wanted precision or recall.</summary>
    private static float Choose(float[] scores, IReadOnlyList<bool> labels, float threshold, double? precision, double? recall)
    {
        if (precision is null && recall is null)
        {
            return threshold;
        }

        PrecisionRecall? point = precision is { } least ? Metrics.AtPrecision(scores, labels, least) : Metrics.AtRecall(scores, labels, recall!.Value);
        return (float?)point?.Threshold ?? throw new InvalidDataException(string.Create(
            CultureInfo.InvariantCulture, $"no threshold has a precision of {precision}; the highest is {Metrics.PrecisionRecallCurve(scores, labels).Max(item => item.Precision):0.000}"));
    }

    private static void Print(float[] scores, IReadOnlyList<bool> labels, float threshold, TextWriter output)
    {
        int Count(bool flagged, bool label) => scores.Zip(labels).Count(pair => pair.First >= threshold == flagged && pair.Second == label);
        int right = Count(true, true), wrong = Count(true, false), missed = Count(false, true), passed = Count(false, false);
        output.WriteLine($"memes\t{scores.Length}");
        output.WriteLine($"threshold\t{threshold.ToString("R", CultureInfo.InvariantCulture)}");
        output.WriteLine($"accuracy\t{Ratio(right + passed, scores.Length)}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"always the same answer\t{Metrics.MajorityAccuracy(labels):0.000}"));
        output.WriteLine($"precision\t{Ratio(right, right + wrong)}");
        output.WriteLine($"recall\t{Ratio(right, right + missed)}");
        output.WriteLine($"average precision\t{AveragePrecision(scores, labels)}");
        output.WriteLine($"rightly flagged\t{right}");
        output.WriteLine($"wrongly flagged\t{wrong}");
        output.WriteLine($"missed\t{missed}");
        output.WriteLine($"rightly passed\t{passed}");

        static string Ratio(int part, int whole) => whole == 0 ? "-" : ((double)part / whole).ToString("0.000", CultureInfo.InvariantCulture);
    }
}
