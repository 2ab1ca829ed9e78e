using System.Text.Json.Nodes;
using Data2Vec.Memes;
using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Features;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Cli;

/// <summary><c>data2vec memes train</c>: trains a network on the vectors of memes and writes a model file with its encoders.</summary>
internal static class TrainCommand
{
    private static readonly TrainingOptions s_defaults = new();

    public static Command Create()
    {
        var command = new Command("train", "Train a meme model on lists of memes, and write it with its encoders into one file");
        ListArguments lists = ListArguments.AddTo(command);
        EncoderArguments encoders = EncoderArguments.AddTo(command);
        var output = new Option<string>("--output", "-o") { Description = "The model file to write", HelpName = "FILE", Required = true };
        var inputs = new Option<MemeInputs>("--inputs") { Description = "The inputs of the model: both, image, text", HelpName = "both" };
        var table = new Option<bool>("--table") { Description = "Also train models with the other inputs, for comparison" };
        Option<int> hidden = Number("--hidden", "Features of each hidden layer", s_defaults.HiddenSize), batch = Number("--batch", "Memes per step", s_defaults.BatchSize);
        Option<int> epochs = Number("--epochs", "Passes over the training memes", s_defaults.Epochs);
        var rate = new Option<float>("--learning-rate") { Description = "Adam's learning rate", DefaultValueFactory = _ => s_defaults.LearningRate, HelpName = "X" };
        var seed = new Option<int>("--seed") { Description = "The same seed gives the same model", HelpName = "N" };
        var patience = new Option<int?>("--patience") { Description = "Stop after N epochs without a better validation accuracy; default: never", HelpName = "N" };
        Option<string?> plot = OptionFactory.Plot("Draw loss and accuracy per epoch");
        command.Add(output, inputs, table, hidden, epochs, batch, rate, seed, patience, plot);
        ReadingArguments reading = ReadingArguments.AddTo(command);
        command.SetAction(parsed =>
        {
            string target = Files.ModelTarget(parsed.GetRequiredValue(output));
            string? picture = parsed.GetValue(plot);
            string?[] sources = [.. encoders.Paths(parsed), .. lists.Paths(parsed)];
            Files.RequireOther(target, [.. sources, picture]);
            Files.RequireOutput(picture, sources);
            var settings = new TrainingOptions
            {
                HiddenSize = parsed.GetValue(hidden),
                BatchSize = parsed.GetValue(batch),
                Epochs = parsed.GetValue(epochs),
                LearningRate = parsed.GetValue(rate),
                Seed = parsed.GetValue(seed),
                Patience = parsed.GetValue(patience),
            };
            (string Path, bool Label)[] trainingMemes = lists.Read(parsed, MemeList.TrainingPath), validationMemes = lists.Read(parsed, MemeList.ValidationPath);
            (string Path, bool Label)[] memes = [.. trainingMemes, .. validationMemes];
            return reading.Run(parsed, options => encoders.Load(parsed, options), loaded =>
            {
                (Examples training, Examples validation) = lists.Extract(
                    parsed, loaded, memes, reading, store => (ListArguments.Examples(store, trainingMemes), ListArguments.Examples(store, validationMemes)));
                TextWriter results = parsed.InvocationConfiguration.Output;
                MemeInputs chosen = parsed.GetValue(inputs);
                results.WriteLine("inputs\tmax. accuracy\tsmoothed max. accuracy\taverage precision\tepoch");
                foreach (MemeInputs kind in parsed.GetValue(table) ? Enum.GetValues<MemeInputs>() : [chosen])
                {
                    Examples validated = Part(validation, kind, loaded);
                    TrainingResult result = Train(Part(training, kind, loaded), validated, settings, kind, parsed.InvocationConfiguration.Error);
                    results.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Name(kind)}\t{result.MaximumAccuracy:0.000}\t{result.SmoothedMaximumAccuracy:0.000}\t{EvaluateCommand.AveragePrecision(result.Network.Score(validated.Features), validated.Labels)}\t{result.Epochs[result.BestEpoch].Epoch} of {result.Epochs.Count}"));
                    if (kind != chosen)
                    {
                        continue;
                    }

                    MemeModelWriter.Write(target, loaded, kind, result, Provenance(training, validation, settings));
                    if (picture is not null)
                    {
                        Files.WriteWhole(picture, stream => stream.Write(MemePlots.Training(result.Epochs, picture)));
                    }
                }

                results.WriteLine(string.Create(CultureInfo.InvariantCulture, $"always the same answer\t{Metrics.MajorityAccuracy(validation.Labels):0.000}"));
                return reading.Finish(parsed, memes.Select(meme => meme.Path));
            });
        });
        return command;
    }

    private static TrainingResult Train(Examples training, Examples validation, TrainingOptions settings, MemeInputs kind, TextWriter error)
    {
        try
        {
            return WorkProgress.ShowRate(
                $"Training ({Name(kind)})", "epochs", settings.Epochs, error, progress =>
                FusionTrainer.Train(training, validation, settings, new ProgressAction<EpochResult>(epoch => progress.Report(epoch.Epoch))));
        }
        catch (ArgumentOutOfRangeException problem)
        {
            throw new UsageException(TerminalText.WithoutParameter(problem.Message));
        }
    }

    private static Examples Part(Examples examples, MemeInputs kind, MemeEncoders encoders) => kind switch
    {
        MemeInputs.Image => new Examples([.. examples.Features.Select(features => features[..encoders.ImageSize])], examples.Labels),
        MemeInputs.Text => new Examples([.. examples.Features.Select(features => features[encoders.ImageSize..])], examples.Labels),
        _ => examples,
    };

    private static JsonObject Provenance(Examples training, Examples validation, TrainingOptions settings) => new()
    {
        ["training_memes"] = training.Labels.Count,
        ["validation_memes"] = validation.Labels.Count,
        ["epochs"] = settings.Epochs,
        ["batch_size"] = settings.BatchSize,
        ["learning_rate"] = settings.LearningRate,
        ["seed"] = settings.Seed,
    };

    private static string Name(MemeInputs kind) => kind == MemeInputs.Both ? "image and text" : kind.ToString().ToLowerInvariant();

    private static Option<int> Number(string name, string description, int usual) =>
        new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual, HelpName = "N" }.Range(1, 1 << 16);
}
