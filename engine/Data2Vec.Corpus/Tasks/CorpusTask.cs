using System.Text.Json.Nodes;

namespace Data2Vec.Corpus;

/// <summary>What is computed for each input, and with which model.</summary>
public abstract record CorpusTask
{
    private protected CorpusTask(string modelPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ModelPath = modelPath;
    }

    /// <summary>The model file.</summary>
    public string ModelPath { get; init; }

    /// <summary>The largest inputs.</summary>
    public InputLimits Limits { get; init; } = new();

    /// <summary>The task's name in the file of a job.</summary>
    internal abstract string Name { get; }

    /// <summary>Adds the options that change results, in a fixed order. What has its default is left out.</summary>
    internal abstract void AddTo(JsonObject options);

    /// <summary>The options that change results.</summary>
    internal JsonObject ToJson()
    {
        var json = new JsonObject();
        AddTo(json);
        var usual = new InputLimits();
        TaskOptions.Set(json, "max_pixels", Limits.MaxPixels == usual.MaxPixels ? null : Limits.MaxPixels);
        TaskOptions.Set(json, "max_samples", Limits.MaxSamples == usual.MaxSamples ? null : Limits.MaxSamples);
        return json;
    }

    /// <summary>The kind of input that a model takes in this task.</summary>
    /// <exception cref="InvalidDataException">The task cannot use the model.</exception>
    internal virtual Modality ModalityOf(D2vFile model) => ModelArchitecture.Find(model.Architecture).Modality;

    /// <summary>Loads the model.</summary>
    /// <param name="model">The model's file, which the task takes over.</param>
    /// <param name="options">The device.</param>
    /// <exception cref="InvalidDataException">The task cannot use the model.</exception>
    internal abstract TaskRunner Load(D2vFile model, WorkerOptions options);
}
