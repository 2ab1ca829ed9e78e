using System.Text.Json.Nodes;
using Data2Vec.Audio;

namespace Data2Vec.Corpus;

/// <summary>Makes a task from the file of a job.</summary>
internal static class TaskReader
{
    /// <summary>Makes a task.</summary>
    /// <exception cref="InvalidDataException">This version does not know it.</exception>
    public static CorpusTask Read(string name, string model, JsonObject options)
    {
        CorpusTask task = name switch
        {
            "embed" => new EmbedTask(model) { Options = TaskOptions.ReadEmbedding(options), ImageSize = (int?)options["image_size"] },
            "transcribe" => new TranscribeTask(model)
            {
                Words = (bool?)options["words"] ?? false,
                LongRecordings = TaskOptions.ReadEnum<LongRecordingPolicy>(options, "long_recordings"),
                Windows = TaskOptions.ReadWindows(options),
            },
            "classify" => new ClassifyTask(model) { Options = TaskOptions.ReadClassification(options), ImageSize = (int?)options["image_size"] },
            "memes" => (string?)options["languages"] is { } languages ? new ScoreMemesTask(model) { Languages = languages } : new ScoreMemesTask(model),
            _ => throw new InvalidDataException($"the job has the task '{name}', which this version does not know"),
        };
        var limits = new InputLimits();
        return task with
        {
            Limits = new InputLimits { MaxPixels = (long?)options["max_pixels"] ?? limits.MaxPixels, MaxSamples = (int?)options["max_samples"] ?? limits.MaxSamples },
        };
    }
}
