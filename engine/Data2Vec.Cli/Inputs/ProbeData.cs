using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Training.Data;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>Opens the examples of a probe.</summary>
/// <param name="model">The model that embeds them.</param>
/// <param name="name">The model as it was given.</param>
/// <param name="task">What is predicted.</param>
/// <param name="bad">Receives bad examples.</param>
internal sealed class ProbeData(Data2VecModel model, string name, ProbeTask task, BadInputs bad)
{
    private const int ManyClasses = 20;

    /// <summary>Opens the examples to learn from, and those to measure with if they are others.</summary>
    public (ProbeExamples Training, ProbeExamples? Validation) Open()
    {
        try
        {
            (ProbeExamples training, ProbeExamples? validation) = model switch
            {
                TextModel text => Texts(text),
                _ when task.Name is not null || task.TextColumns is not null => throw new UsageException("--task and --text-column are for texts"),
                SpeechModel speech => Recordings(speech),
                _ when task.LabelColumn is not null => throw new UsageException("--label-column is for texts and recordings"),
                _ => Images((VisionModel)model),
            };
            if (training.Classes.Count == 1)
            {
                throw new InvalidDataException($"{task.Data}: all examples are of the class '{training.Classes[0]}'; there must be two or more");
            }

            Report(training.Data);
            if (validation is not null)
            {
                Report(validation.Data);
            }

            return (training, validation);
        }
        catch (ArgumentException problem)
        {
            // Columns that a table does not have, for example.
            throw new UsageException(TerminalText.WithoutParameter(problem.Message));
        }
    }

    private (ProbeExamples, ProbeExamples?) Recordings(SpeechModel speech)
    {
        SpeechOptions options = SpeechOptions.For(speech.Config) with { Audio = AudioCodecs.Options with { MaxSamples = task.MaxSamples }, Strict = task.IsStrict };
        return Both(classes =>
        {
            LabelledRecordingData data = LabelledRecordingData.Open(classes is null ? task.Data : task.Validation!, options, classes, task.LabelColumn);
            return new ProbeExamples<Waveform, float, int>(speech, data, data.Classes);
        });
    }

    private (ProbeExamples, ProbeExamples?) Images(VisionModel vision)
    {
        var options = new ImageOptions { Prepare = (image, _) => vision.Preprocessing.Apply(image), Limits = task.Images, Strict = task.IsStrict };
        return Both(classes =>
        {
            LabelledImageData data = LabelledImageData.Open(classes is null ? task.Data : task.Validation!, options, classes);
            return new ProbeExamples<RgbImage, float, int>(vision, data, data.Classes);
        });
    }

    private (ProbeExamples, ProbeExamples?) Both(Func<IReadOnlyList<string>?, ProbeExamples> open)
    {
        ProbeExamples training = open(null);
        return (training, task.Validation is null ? null : open(training.Classes));
    }

    private (ProbeExamples, ProbeExamples?) Texts(TextModel text)
    {
        if (text.Tokenizer is null)
        {
            throw new UsageException($"{name}: the model has no tokenizer; convert its checkpoint with one");
        }

        GlueTask? glue = task.Name is null ? null : GlueTask.Find(task.Name);
        if (glue is not null && (task.TextColumns is not null || task.LabelColumn is not null))
        {
            throw new UsageException($"--task {task.Name} knows its columns; leave out --text-column and --label-column");
        }

        if (glue is null && new[] { task.Data, task.Validation }.FirstOrDefault(Directory.Exists) is { } folder)
        {
            throw new UsageException($"{folder}: a folder; give a file with texts and labels (.csv or .tsv), or --task with a task of GLUE");
        }

        ProbeExamples training = Texts(text, InFolder(task.Data, glue?.TrainingFile), glue, null);
        string? development = task.Validation is { } given ? InFolder(given, glue?.DevelopmentFiles[0])
            : glue is not null && !task.IsDivided && Path.Combine(task.Data, glue.DevelopmentFiles[0]) is var file && File.Exists(file) ? file
            : null;
        return (training, development is null ? null : Texts(text, development, glue, training.Classes));
    }

    private ProbeExamples Texts(TextModel text, string path, GlueTask? glue, IReadOnlyList<string>? classes)
    {
        var encoding = TextEncoding.For(text);
        var columns = new TextTableOptions { TextColumns = task.TextColumns, LabelColumn = task.LabelColumn, Strict = task.IsStrict };
        if (task.Name == ProbeArguments.Regression || glue?.IsRegression == true)
        {
            LabelledTextData<float> numbers = glue?.OpenScores(path, encoding, task.IsStrict) ?? LabelledText.OpenScores(path, encoding, columns);
            return new ProbeExamples<string, int, float>(text, numbers, []);
        }

        LabelledTextData<int> data = glue?.OpenClasses(path, encoding, task.IsStrict) ?? LabelledText.OpenClasses(path, encoding, classes, columns);
        return task.Name is null && data.Classes.Count > ManyClasses && data.Classes.All(label => double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            ? throw new UsageException(
                $"{path}: the labels are {data.Classes.Count} different numbers; give --task {ProbeArguments.Regression} to predict a number, or --task {ProbeArguments.Classes}")
            : new ProbeExamples<string, int, int>(text, data, data.Classes);
    }

    /// <summary>Names the examples that were left out: each bad one, and the others in numbers.</summary>
    private void Report(TrainingData data)
    {
        foreach (SkippedItem item in data.Skipped.Where(item => item.IsBad))
        {
            bad.Report(item.Name, new InvalidDataException(item.Reason));
        }

        foreach (string note in DataSummary.LeftOut([.. data.Skipped.Where(item => !item.IsBad)]))
        {
            bad.Warn(note);
        }
    }

    private static string InFolder(string given, string? file) => Directory.Exists(given) && file is not null ? Files.RequireFile(Path.Combine(given, file)) : given;
}
