using Data2Vec.Audio;
using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>Runs inputs through the models of their modality. Error messages name the input, or the model if it is at fault.</summary>
internal sealed class ModelRunner(ModelSet models, LongTextPolicy longTexts)
{
    /// <summary>Embeds inputs. For all layers, each source must be a single input.</summary>
    public List<EmbeddingRecord> Embed(
        IReadOnlyList<InputSource> sources, EmbeddingOptions options, bool allLayers, Action<int, int> report)
    {
        options = options with { LongTexts = longTexts };
        return Run(sources, report, (input, model, path) =>
        {
            if (options.Layer > model.Layers)
            {
                throw new UsageException($"--layer {options.Layer}: {path} has {model.Layers} layers");
            }

            if (options.Pooling == Pooling.Class && input.Modality == Modality.Speech)
            {
                throw new UsageException("--pool cls needs a class token, which speech models do not have; use mean or none");
            }

            IReadOnlyList<TextWindows> windows = Windows(input, model, options.Pooling != Pooling.None);
            float[][] vectors = allLayers ? input.EmbedLayers(model, options) : input.Embed(model, options);
            return vectors.Select((vector, i) =>
            {
                int index = allLayers ? 0 : i, layer = allLayers ? i : options.Layer ?? model.Layers;
                RequireFinite(input.Names[index], vector);
                return new EmbeddingRecord(input.Names[index], path, layer, model.HiddenSize, vector, windows.ElementAtOrDefault(index));
            });
        });
    }

    /// <summary>Classifies inputs.</summary>
    public List<(string Input, LabelProbability[] Labels)> Classify(IReadOnlyList<InputSource> sources, Action<int, int> report) => Run(sources, report, (input, model, _) =>
    {
        Windows(input, model, pooled: true);
        return input.Names.Zip(input.Classify(model, new ClassificationOptions { LongTexts = longTexts }), (name, labels) =>
        {
            RequireFinite(name, labels.Select(label => label.Probability));
            return (name, labels);
        });
    });

    /// <summary>Transcribes a recording.</summary>
    public string Transcribe(ModelInput input) => Guard(input, (model, _) => (model, input) switch
    {
        (SpeechModel speech, RawInput<Waveform, float> recording) => speech.Transcribe(recording.Inputs[0]),
        (SpeechModel speech, PreparedInput<Waveform, float> samples) => speech.TranscribePrepared(samples.Values),
        _ => throw new UsageException($"{input.Names[0]}: transcribe takes recordings, not {input.Modality.Inputs()}"),
    });

    private List<T> Run<T>(IReadOnlyList<InputSource> sources, Action<int, int> report, Func<ModelInput, Data2VecModel, string, IEnumerable<T>> run)
    {
        var results = new List<T>();
        int total = sources.Sum(source => source.Count), done = 0;
        foreach (InputSource source in sources)
        {
            ModelInput input = source.Load();
            results.AddRange(Guard(input, (model, path) => run(input, model, path).ToList()));
            report(done += source.Count, total);
        }

        return results;
    }

    private T Guard<T>(ModelInput input, Func<Data2VecModel, string, T> run)
    {
        (Data2VecModel model, string path) = models.For(input);
        try
        {
            return run(model, path);
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException or ArgumentException && !input.Names.Any(name => error.Message.StartsWith(name, StringComparison.Ordinal)))
        {
            string others = input.Names.Count > 1 ? $" or one of the {input.Names.Count - 1} after it" : "";
            throw new InvalidDataException($"{(File.Exists(input.Names[0]) ? input.Names[0] : TerminalText.Short(input.Names[0]))}{others}: {error.Message}", error);
        }
    }

    private IReadOnlyList<TextWindows> Windows(ModelInput input, Data2VecModel model, bool pooled) =>
        input is TextInput texts ? texts.Windows(model, longTexts, pooled) : [];

    private static void RequireFinite(string name, IEnumerable<float> numbers)
    {
        if (!numbers.All(float.IsFinite))
        {
            throw new InvalidDataException($"{name}: the model's output is not finite");
        }
    }
}
