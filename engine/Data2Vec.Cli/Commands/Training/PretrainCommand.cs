using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Training.Data;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.Runs;
using Data2Vec.Vision;

namespace Data2Vec.Cli;

/// <summary><c>data2vec pretrain</c>: trains a model on data without labels.</summary>
internal static class PretrainCommand
{
    public const string Name = "pretrain";

    public static Command Create()
    {
        var recipe = new Argument<string>("RECIPE") { Description = $"The recipe: {string.Join(", ", RecipeFile.PretrainingNames)}, or a JSON file; see data2vec recipes" };
        var command = new Command(Name, "Pretrain a speech, text or image model on data without labels") { recipe };
        RunArguments run = RunArguments.AddTo(command);
        var from = new Option<string?>("--from") { Description = "The model to start from, instead of a new one: a model file (.d2v), the folder of a run, a checkpoint of fairseq (.pt), or the name of a pulled model", HelpName = "MODEL" };
        command.Add(from);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string name = parsed.GetRequiredValue(recipe);
            PretrainingRecipe settings = RecipeFile.ReadPretraining(name, run.Changes(parsed));
            string data = run.Data(parsed);
            return TrainingSession.Run(
                parsed,
                run,
                () => parsed.GetValue(from) is { } model ? TrainingModel.Open(model, run.Tokenizer(parsed)) : TrainingModel.New(name, settings, run.Tokenizer(parsed)),
                (model, options) => Prepare(name, settings, model, data, options),
                cancellation);
        });
        return command;
    }

    private static PreparedRun Prepare(string name, PretrainingRecipe recipe, TrainingModel model, string path, RunOptions options)
    {
        model.RequireFit(name, recipe.Modality);
        ModelStart start = model.Start;
        return start.Config switch
        {
            AudioConfig speech => Recordings(RecordingData.Open(path, TrainingSpeech.Options(speech, recipe.MinSamples, recipe.MaxSamples, options))),
            VisionConfig vision => Run(
                ImageData.Open(path, TrainingImages.Options(recipe.Images, vision, options)),
                (data, run, progress, cancellation) => PretrainingRun.RunAsync(recipe, start, data, run, progress, cancellation)),
            TextConfig text => Texts(text),
            _ => throw new InvalidDataException($"models of {start.Config.Architecture} cannot be trained"),
        };

        PreparedRun Recordings(RecordingData data) => Run(data, (_, run, progress, cancellation) => PretrainingRun.RunAsync(recipe, start, data, run, progress, cancellation)) with
        {
            Notes = [.. Notes(), .. data.Notes.Select(note => note.ToString())],
        };

        IEnumerable<string> Notes() => start.Config.Architecture is ModelArchitecture.Data2Vec2Audio or ModelArchitecture.Data2Vec2Vision
            ? [$"{model.Name ?? name} is a model of data2vec 2.0; it is trained with the objective of the first data2vec, without several masks a sample and a decoder"]
            : [];

        PreparedRun Texts(TextConfig text)
        {
            TextTokenizer tokenizer = TrainingTexts.Tokenizer(model);
            return Run(
                CorpusData.Open(path, TextEncoding.For(text, tokenizer, splitSpecialTokens: true), strict: options.Strict),
                (data, run, progress, cancellation) => PretrainingRun.RunAsync(recipe, start, data, tokenizer.MaskId, run, progress, cancellation));
        }

        PreparedRun Run<TData>(TData data, Func<TData, RunOptions, IProgress<RunReport>, CancellationToken, Task<RunOutcome>> run)
            where TData : TrainingData => new()
            {
                Recipe = name,
                Model = start.Config,
                Data = data,
                Updates = recipe.Updates,
                Batch = recipe.Batch,
                Seed = recipe.Seed,
                IsPretraining = true,
                Notes = [.. Notes()],
                Run = (settings, progress, cancellation) => run(data, settings, progress, cancellation),
            };
    }
}
