using Data2Vec.Training.Recipes;

namespace Data2Vec.Cli;

/// <summary><c>data2vec finetune</c>: teaches a pretrained model a task.</summary>
internal static class FineTuneCommand
{
    public const string Name = "finetune";

    /// <summary>Models with more features than this need gentler recipes than the small ones.</summary>
    private const int SmallFeatures = 384;

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "The pretrained model: a model file (.d2v), the folder of a run, a checkpoint of fairseq (.pt), or the name of a pulled model" };
        var command = new Command(Name, "Fine-tune a model to transcribe recordings, to classify texts or images, or to predict numbers from texts") { model };
        RunArguments run = RunArguments.AddTo(command);
        var recipe = new Option<string?>("--recipe") { Description = $"The recipe: {string.Join(", ", RecipeFile.FineTuningNames)}, or a JSON file; default for small models: speech-small, text-small or image-small", HelpName = "RECIPE" };
        TaskArguments task = TaskArguments.AddTo(command);
        command.Add(recipe);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string given = parsed.GetRequiredValue(model);
            string data = run.Data(parsed);
            return TrainingSession.Run(
                parsed,
                run,
                () => TrainingModel.Open(given, run.Tokenizer(parsed)),
                (start, options) =>
                {
                    string name = parsed.GetValue(recipe) ?? UsualRecipe(given, start.Start.Config);
                    FineTuningRecipe settings = RecipeFile.ReadFineTuning(name, run.Changes(parsed));
                    RecipeChecks.Require(settings);
                    return new FineTuneData(name, settings, start, data, task.Read(parsed), options).Prepare();
                },
                cancellation);
        });
        return command;
    }

    private static string UsualRecipe(string given, ModelConfig model)
    {
        string kind = model.Modality switch
        {
            Modality.Speech => "speech",
            Modality.Text => "text",
            _ => "image",
        };
        return model.HiddenSize <= SmallFeatures
            ? $"{kind}-small"
            : throw new UsageException(
                $"{given}: {kind}-small is for small models, and this one has {model.HiddenSize} features; choose with --recipe: "
                + string.Join(", ", RecipeFile.FineTuningNames.Where(name => name.StartsWith($"{kind}-", StringComparison.Ordinal))));
    }
}
