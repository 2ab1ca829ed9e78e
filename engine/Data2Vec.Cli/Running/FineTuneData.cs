using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Training.Data;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.Runs;
using Data2Vec.Vision;

namespace Data2Vec.Cli;

/// <summary>Opens the examples of a task and prepares the run.</summary>
internal sealed class FineTuneData(string name, FineTuningRecipe recipe, TrainingModel model, string path, LabelledTask task, RunOptions options)
{
    private const int ManyNamed = 20;

    private readonly List<string> _notes = [];

    /// <summary>Prepares the run.</summary>
    public PreparedRun Prepare()
    {
        model.RequireFit(name, recipe.Modality);
        bool hasTextOptions = task.Name is not null || task.TextColumns is not null || task.LabelColumn is not null;
        return model.Start.Config switch
        {
            TextConfig text => Texts(text),
            _ when hasTextOptions => throw new UsageException("--task, --text-column and --label-column are for texts"),
            AudioConfig speech => Transcripts(speech),
            VisionConfig vision => Images(vision),
            ModelConfig other => throw new InvalidDataException($"{model.Name}: models of {other.Architecture} cannot be trained"),
        };
    }

    private PreparedRun Transcripts(AudioConfig speech)
    {
        SpeechOptions reading = TrainingSpeech.Options(speech, recipe.MinSamples, recipe.MaxSamples, options);
        TranscribedData data = TranscribedData.Open(path, speech.Labels is null ? null : TranscriptLabels.For(speech), reading);
        _notes.AddRange(data.Notes.Select(note => note.ToString()));
        if (speech.Labels is not null)
        {
            _notes.Add($"{model.Name} has a head with {speech.Labels.Count} labels, which learns on");
        }

        if (data.UnknownCharacters.Count > 0)
        {
            _notes.Add("characters of the transcripts have no label, and become <unk> or are left out: "
                + string.Join(", ", data.UnknownCharacters.Take(ManyNamed).Select(pair => $"{pair.Key} ({pair.Value} times)"))
                + (data.UnknownCharacters.Count > ManyNamed ? $" and {data.UnknownCharacters.Count - ManyNamed} more" : ""));
        }

        var parts = Divide(data, given => given is null ? data : TranscribedData.Open(given, data.Labels, reading), task.Validation);
        return Run(parts, (run, progress, cancellation) => FineTuningRun.TranscribeAsync(
            recipe, model.Start, parts.Training, data.Labels, parts.Validation, run, progress, cancellation));
    }

    private PreparedRun Images(VisionConfig vision)
    {
        ImageOptions varied = TrainingImages.Options(recipe.Images, vision, options), plain = TrainingImages.Options(new ImageVariation(), vision, options);
        LabelledImageData data = LabelledImageData.Open(path, varied);
        RequireClasses(data.Classes);
        var parts = Divide(data, given => LabelledImageData.Open(given ?? path, plain, data.Classes), task.Validation);
        return Run(parts, (run, progress, cancellation) => FineTuningRun.ClassifyImagesAsync(
            recipe, model.Start, parts.Training, data.Classes, parts.Validation, run, progress, cancellation));
    }

    private PreparedRun Texts(TextConfig text)
    {
        var texts = new TaskTexts(path, task, TextEncoding.For(text, TrainingTexts.Tokenizer(model)), options.Strict);
        if (texts.AreScores)
        {
            LabelledTextData<float> numbers = texts.Scores(texts.Training);
            var scored = Divide(numbers, given => given is null ? numbers : texts.Scores(given), texts.Validation);
            return Run(scored, (run, progress, cancellation) => FineTuningRun.ScoreTextAsync(recipe, model.Start, scored.Training, scored.Validation, run, progress, cancellation));
        }

        LabelledTextData<int> data = texts.Classes(texts.Training);
        RequireClasses(data.Classes);
        var parts = Divide(data, given => given is null ? data : texts.Classes(given, data.Classes), texts.Validation);
        return Run(parts, (run, progress, cancellation) => FineTuningRun.ClassifyTextAsync(
            recipe with { BestBy = recipe.BestBy ?? GlueTask.Find(task.Name ?? "")?.Metric }, model.Start, parts.Training, data.Classes, parts.Validation, run, progress, cancellation));
    }

    /// <summary>What to train on and what to measure with.</summary>
    /// <param name="data">The data.</param>
    /// <param name="open">Opens data to measure with; null stands for the same data, as one measures with it.</param>
    /// <param name="validation">Other data to measure with; null for none.</param>
    private (TrainingData<T, TTarget> Training, TrainingData<T, TTarget>? Validation) Divide<T, TTarget>(
        TrainingData<T, TTarget> data, Func<string?, TrainingData<T, TTarget>> open, string? validation)
    {
        if (task.HoldOut is { } share)
        {
            (IReadOnlyList<int> training, IReadOnlyList<int> held) = DataSplit.Draw(data.Count, share, recipe.Seed);
            return (new DataPart<T, TTarget>(data, training), new DataPart<T, TTarget>(open(null), held));
        }

        if (validation is not null)
        {
            return (data, open(validation));
        }

        _notes.Add("there is nothing to measure with; give --validation, or --hold-out 0.1 for a tenth of the data");
        return (data, null);
    }

    private PreparedRun Run<T, TTarget>(
        (TrainingData<T, TTarget> Training, TrainingData<T, TTarget>? Validation) parts, Func<RunOptions, IProgress<RunReport>, CancellationToken, Task<RunOutcome>> run) => new()
        {
            Recipe = name,
            Model = model.Start.Config,
            Data = parts.Training,
            Validation = parts.Validation,
            Updates = FineTuningRun.Updates(recipe, model.Start.Config, parts.Training, options.Exchange.Count),
            Batch = recipe.Batch,
            Seed = recipe.Seed,
            IsPretraining = false,
            Notes = _notes,
            Run = run,
        };

    private void RequireClasses(IReadOnlyList<string> classes)
    {
        if (classes.Count < 2)
        {
            throw new InvalidDataException($"{path}: all examples have the label '{classes[0]}'; there must be two or more");
        }
    }
}
