using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Data2Vec.Memes;
using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Features;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Cli.Commands.Memes;

/// <summary><c>data2vec memes train</c>: a network on the vectors of memes, and one model file of it and its encoders.</summary>
internal static class TrainCommand
{
    private static readonly TrainingOptions s_defaults = new();

    public static Command Create()
    {
        var command = new Command("train", "Train what scores memes on lists of them, and write it with its encoders into one model file");
        ListArguments lists = ListArguments.AddTo(command);
        EncoderArguments encoders = EncoderArguments.AddTo(command);
        var output = new Option<string>("--output", "-o") { Description = "The model file to write", HelpName = "FILE", Required = true };
        var inputs = new Option<MemeInputs>("--inputs") { Description = "What it judges by: both, image, text", HelpName = "both" };
        var table = new Option<bool>("--table") { Description = "Train the other two kinds of inputs too, to compare" };
        Option<int> hidden = Number("--hidden", "Features of the hidden layers", s_defaults.HiddenSize), batch = Number("--batch", "Memes of a step", s_defaults.BatchSize);
        Option<int> epochs = Number("--epochs", "How often all memes are seen", s_defaults.Epochs);
        var rate = new Option<float>("--learning-rate") { Description = "Adam's learning rate", DefaultValueFactory = _ => s_defaults.LearningRate, HelpName = "X" };
        var seed = new Option<int>("--seed") { Description = "The same seed gives the same model", HelpName = "N" };
        var patience = new Option<int?>("--patience") { Description = "Epochs without a better validation accuracy after which training ends; left out, never", HelpName = "N" };
        Option<string?> plot = PlotFile.Option("Draw loss and accuracy of each epoch");
        foreach (Option option in (Option[])[output, inputs, table, hidden, epochs, batch, rate, seed, patience, plot])
        {
            command.Add(option);
        }

        ReadingArguments reading = ReadingArguments.AddTo(command);
        command.SetAction(parsed =>
        {
            string target = Files.ModelTarget(parsed.GetRequiredValue(output));
            string? picture = parsed.GetValue(plot);
            string?[] sources = [.. encoders.Paths(parsed), .. lists.Paths(parsed)];
            Files.RequireOther(target, [.. sources, picture]);
            if (picture is not null)
            {
                Files.RequireOther(Files.RequireFolderOf(picture), sources);
            }

            var how = new TrainingOptions
            {
                HiddenSize = parsed.GetValue(hidden),
                BatchSize = parsed.GetValue(batch),
                Epochs = parsed.GetValue(epochs),
                LearningRate = parsed.GetValue(rate),
                Seed = parsed.GetValue(seed),
                Patience = parsed.GetValue(patience),
            };
            (string[] trainHate, string[] trainGood) = lists.Read(parsed, MemeList.TrainingPath);
            (string[] validHate, string[] validGood) = lists.Read(parsed, MemeList.ValidationPath);
            string[] paths = [.. trainHate, .. trainGood, .. validHate, .. validGood];
            return reading.Run(parsed, options => encoders.Load(parsed, options), loaded =>
            {
                (Examples training, Examples validation) = lists.Extract(parsed, loaded, paths, reading, (store, keys) =>
                {
                    string?[] valid = keys[(trainHate.Length + trainGood.Length)..];
                    return (
                        ListArguments.Examples(store, keys[..trainHate.Length], keys[trainHate.Length..(trainHate.Length + trainGood.Length)]),
                        ListArguments.Examples(store, valid[..validHate.Length], valid[validHate.Length..]));
                });
                TextWriter results = parsed.InvocationConfiguration.Output;
                MemeInputs chosen = parsed.GetValue(inputs);
                results.WriteLine("inputs\tmax. accuracy\tsmoothed max. accuracy\taverage precision\tepoch");
                foreach (MemeInputs kind in parsed.GetValue(table) ? Enum.GetValues<MemeInputs>() : [chosen])
                {
                    Examples validated = Part(validation, kind, loaded);
                    TrainingResult result = Train(Part(training, kind, loaded), validated, how, kind, parsed.InvocationConfiguration.Error);
                    results.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Name(kind)}\t{result.MaximumAccuracy:0.000}\t{result.SmoothedMaximumAccuracy:0.000}\t{AveragePrecision(result.Network.Score(validated.Features), validated.Labels)}\t{result.BestEpoch + 1} of {result.Epochs.Count}"));
                    if (kind != chosen)
                    {
                        continue;
                    }

                    MemeModelWriter.Write(target, loaded, kind, result, Provenance(training, validation, how));
                    if (picture is not null)
                    {
                        Files.WriteWhole(picture, stream => stream.Write(MemePlots.Training(result.Epochs, picture)));
                    }
                }

                results.WriteLine(string.Create(CultureInfo.InvariantCulture, $"always the same answer\t{Metrics.MajorityAccuracy(validation.Labels):0.000}"));
                return reading.Finish(parsed, paths.Distinct().Count());
            });
        });
        return command;
    }

    /// <summary>The average precision in words.</summary>
    public static string AveragePrecision(IReadOnlyList<float> scores, IReadOnlyList<bool> labels) =>
        labels.Contains(true) ? Metrics.AveragePrecision(scores, labels).ToString("0.000", CultureInfo.InvariantCulture) : "-";

    private static TrainingResult Train(Examples training, Examples validation, TrainingOptions how, MemeInputs kind, TextWriter error)
    {
        try
        {
            return WorkProgress.ShowRate(
                $"Training ({Name(kind)})", "epochs", how.Epochs, error, report => FusionTrainer.Train(training, validation, how, (epoch, _) => report(epoch + 1)));
        }
        catch (ArgumentOutOfRangeException problem)
        {
            throw new UsageException(problem.Message.Split(" (Parameter ")[0]);
        }
    }

    private static Examples Part(Examples examples, MemeInputs kind, MemeEncoders encoders) => kind switch
    {
        MemeInputs.Image => examples with { Features = [.. examples.Features.Select(features => features[..encoders.ImageSize])] },
        MemeInputs.Text => examples with { Features = [.. examples.Features.Select(features => features[encoders.ImageSize..])] },
        _ => examples,
    };

    private static JsonObject Provenance(Examples training, Examples validation, TrainingOptions how) => new()
    {
        ["training_memes"] = training.Labels.Count,
        ["validation_memes"] = validation.Labels.Count,
        ["epochs"] = how.Epochs,
        ["batch_size"] = how.BatchSize,
        ["learning_rate"] = how.LearningRate,
        ["seed"] = how.Seed,
    };

    private static string Name(MemeInputs kind) => kind == MemeInputs.Both ? "image and text" : kind.ToString().ToLowerInvariant();

    private static Option<int> Number(string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !(int.TryParse(value, out int number) && number is >= 1 and <= 1 << 16))
            {
                result.AddError($"{name} must be from 1 to {1 << 16}");
            }
        });
        return option;
    }
}
