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
        command.Add(plot);
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
                Print(scores, examples.Labels, parsed.InvocationConfiguration.Output);
                if (picture is not null)
                {
                    if (!examples.Labels.Contains(true))
                    {
                        throw new InvalidDataException("a precision-recall curve needs positive memes, and none can be read");
                    }

                    Files.WriteWhole(picture, stream => stream.Write(MemePlots.PrecisionRecall(Metrics.PrecisionRecallCurve(scores, examples.Labels), picture)));
                }

                return reading.Finish(parsed, memes.Select(meme => meme.Path));
            });
        });
        return command;
    }

    /// <summary>The average precision as text; a dash without positive memes.</summary>
    public static string AveragePrecision(IReadOnlyList<float> scores, IReadOnlyList<bool> labels) =>
        labels.Contains(true) ? Metrics.AveragePrecision(scores, labels).ToString("0.000", CultureInfo.InvariantCulture) : "-";

    private static void Print(float[] scores, IReadOnlyList<bool> labels, TextWriter output)
    {
        output.WriteLine($"memes\t{scores.Length}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"accuracy\t{Metrics.Accuracy(scores, labels):0.000}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"always the same answer\t{Metrics.MajorityAccuracy(labels):0.000}"));
        output.WriteLine($"average precision\t{AveragePrecision(scores, labels)}");
        output.WriteLine($"rightly flagged\t{Count(true, true)}");
        output.WriteLine($"wrongly flagged\t{Count(true, false)}");
        output.WriteLine($"missed\t{Count(false, true)}");
        output.WriteLine($"rightly passed\t{Count(false, false)}");

        int Count(bool flagged, bool label) => scores.Zip(labels).Count(pair => pair.First >= Metrics.Threshold == flagged && pair.Second == label);
    }
}
