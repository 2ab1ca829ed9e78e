using System.CommandLine;
using System.Globalization;
using Data2Vec.Memes;
using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Features;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Cli.Commands.Memes;

/// <summary><c>data2vec memes evaluate</c>: how good a model's scores are.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var command = new Command("evaluate", "Measure a model's scores on the validation memes of lists");
        Option<string> model = ScoreCommand.Model();
        command.Add(model);
        ListArguments lists = ListArguments.AddTo(command);
        Option<string?> plot = PlotFile.Option("Draw the precision-recall curve");
        command.Add(plot);
        ReadingArguments reading = ReadingArguments.AddTo(command);
        command.SetAction(parsed =>
        {
            string file = Files.RequireFile(parsed.GetRequiredValue(model));
            string? picture = parsed.GetValue(plot);
            if (picture is not null)
            {
                Files.RequireOther(Files.RequireFolderOf(picture), [file, .. lists.Paths(parsed)]);
            }

            (string[] hate, string[] good) = lists.Read(parsed, MemeList.ValidationPath);
            return reading.Run(parsed, options => MemeClassifier.Load(file, options), classifier =>
            {
                Examples examples = lists.Extract(
                    parsed, classifier.Encoders, [.. hate, .. good], reading, (store, keys) => ListArguments.Examples(store, keys[..hate.Length], keys[hate.Length..]));
                float[] scores = classifier.Scores(examples.Features);
                int Count(bool flagged, bool label) => scores.Zip(examples.Labels).Count(pair => pair.First >= Metrics.Threshold == flagged && pair.Second == label);
                TextWriter output = parsed.InvocationConfiguration.Output;
                output.WriteLine($"memes\t{scores.Length}");
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"accuracy\t{Metrics.Accuracy(scores, examples.Labels):0.000}"));
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"always the same answer\t{Metrics.MajorityAccuracy(examples.Labels):0.000}"));
                output.WriteLine($"average precision\t{TrainCommand.AveragePrecision(scores, examples.Labels)}");
                output.WriteLine($"rightly flagged\t{Count(true, true)}");
                output.WriteLine($"wrongly flagged\t{Count(true, false)}");
                output.WriteLine($"missed\t{Count(false, true)}");
                output.WriteLine($"rightly passed\t{Count(false, false)}");
                if (picture is not null)
                {
                    if (!examples.Labels.Contains(true))
                    {
                        throw new InvalidDataException("there is no precision-recall curve without memes of those looked for");
                    }

                    Files.WriteWhole(picture, stream => stream.Write(MemePlots.PrecisionRecall(Metrics.PrecisionRecallCurve(scores, examples.Labels), picture)));
                }

                return reading.Finish(parsed, hate.Concat(good).Distinct().Count());
            });
        });
        return command;
    }
}
