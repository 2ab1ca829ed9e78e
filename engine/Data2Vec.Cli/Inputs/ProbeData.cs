using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Training.Data;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>Opens the examples of a probe.</summary>
/// <param name="model">The model that embeds them.</param>
/// <param name="name">The model as it was given.</param>
/// <param name="source">Where they are.</param>
/// <param name="task">What is predicted.</param>
/// <param name="bad">Receives bad examples.</param>
internal sealed class ProbeData(Data2VecModel model, string name, ProbeSource source, LabelledTask task, BadInputs bad)
{
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
                throw new InvalidDataException($"{source.Path}: all examples are of the class '{training.Classes[0]}'; there must be two or more");
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
        SpeechOptions options = SpeechOptions.For(speech.Config) with { Audio = AudioCodecs.Options with { MaxSamples = source.MaxSamples }, Strict = source.IsStrict };
        return Both(classes =>
        {
            LabelledRecordingData data = LabelledRecordingData.Open(classes is null ? source.Path : task.Validation!, options, classes, task.LabelColumn);
            return new ProbeExamples<Waveform, float, int>(speech, data, data.Classes);
        });
    }

    private (ProbeExamples, ProbeExamples?) Images(VisionModel vision)
    {
        var options = new ImageOptions { Prepare = (image, _) => vision.Preprocessing.Apply(image), Limits = source.Images, Strict = source.IsStrict };
        return Both(classes =>
        {
            LabelledImageData data = LabelledImageData.Open(classes is null ? source.Path : task.Validation!, options, classes);
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

        var texts = new TaskTexts(source.Path, task, TextEncoding.For(text), source.IsStrict);
        ProbeExamples training = Open(texts.Training, null);
        return (training, texts.Validation is { } validation ? Open(validation, training.Classes) : null);

        ProbeExamples Open(string path, IReadOnlyList<string>? classes)
        {
            if (texts.AreScores)
            {
                return new ProbeExamples<string, int, float>(text, texts.Scores(path), []);
            }

            LabelledTextData<int> data = texts.Classes(path, classes);
            return new ProbeExamples<string, int, int>(text, data, data.Classes);
        }
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
}
