using Data2Vec.Cli.Inputs;
using Data2Vec.Cli.Output;
using Data2Vec.Text;

namespace Data2Vec.Cli.Running;

/// <summary>Runs inputs through the models of their kinds; complaints name the input, or the model where it is at fault.</summary>
/// <param name="models">The models.</param>
/// <param name="longTexts">What is done with texts of more tokens than the model takes.</param>
internal sealed class ModelRunner(ModelSet models, LongTextPolicy longTexts)
{
    /// <summary>Embeds inputs.</summary>
    /// <param name="sources">The inputs; each alone where all layers are wanted.</param>
    /// <param name="options">Which vectors.</param>
    /// <param name="allLayers">Whether the vectors of all layers are wanted.</param>
    /// <param name="report">Is told how many inputs of how many are done.</param>
    public List<EmbeddingRecord> Embed(
        IReadOnlyList<InputSource> sources, EmbeddingOptions options, bool allLayers, Action<int, int> report)
    {
        options = options with { LongTexts = longTexts };
        var records = new List<EmbeddingRecord>();
        Run(sources, report, (input, model, path) =>
        {
            if (options.Layer > model.Layers)
            {
                throw new UsageException($"--layer {options.Layer}: {path} has {model.Layers} layers");
            }

            if (options.Pooling == Pooling.Class && input.Kind == Modality.Speech)
            {
                throw new UsageException("--pool cls is for models with a class token; speech models have none, use mean or none");
            }

            IReadOnlyList<TextWindows> windows = Windows(input, model, options.Pooling != Pooling.None);
            float[][] vectors = allLayers ? input.EmbedLayers(model, options) : input.Embed(model, options);
            for (int i = 0; i < vectors.Length; i++)
            {
                int which = allLayers ? 0 : i;
                string name = input.Names[which];
                if (!vectors[i].All(float.IsFinite))
                {
                    throw new InvalidDataException($"{name}: the model gives numbers that are not finite");
                }

                records.Add(new EmbeddingRecord(
                    name, path, allLayers ? i : options.Layer ?? model.Layers, model.HiddenSize, vectors[i], windows.ElementAtOrDefault(which)));
            }
        });
        return records;
    }

    /// <summary>Classifies inputs.</summary>
    public List<(string Input, LabelProbability[] Labels)> Classify(IReadOnlyList<InputSource> sources, Action<int, int> report)
    {
        var results = new List<(string, LabelProbability[])>();
        Run(sources, report, (input, model, _) =>
        {
            Windows(input, model, pooled: true);
            foreach ((string name, LabelProbability[] labels) in input.Names.Zip(input.Classify(model, longTexts)))
            {
                if (!labels.All(label => float.IsFinite(label.Probability)))
                {
                    throw new InvalidDataException($"{name}: the model gives numbers that are not finite");
                }

                results.Add((name, labels));
            }
        });
        return results;
    }

    /// <summary>Writes down what is spoken.</summary>
    public string Transcribe(ModelInput input) => Guard(input, (model, _) => ((RecordingInput)input).Transcribe(model));

    private void Run(IReadOnlyList<InputSource> sources, Action<int, int> report, Action<ModelInput, Data2VecModel, string> run)
    {
        int total = sources.Sum(source => source.Count), done = 0;
        foreach (InputSource source in sources)
        {
            ModelInput input = source.Load();
            Guard(input, (model, path) =>
            {
                run(input, model, path);
                return true;
            });
            report(done += source.Count, total);
        }
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
        catch (Exception error) when (error is InvalidDataException or NotSupportedException && !input.Names.Any(name => error.Message.StartsWith(name, StringComparison.Ordinal)))
        {
            string others = input.Names.Count > 1 ? $" or one of the {input.Names.Count - 1} after it" : "";
            throw new InvalidDataException($"{(File.Exists(input.Names[0]) ? input.Names[0] : TerminalText.Short(input.Names[0]))}{others}: {error.Message}", error);
        }
    }

    private IReadOnlyList<TextWindows> Windows(ModelInput input, Data2VecModel model, bool pooled) =>
        input is TextInput texts ? texts.Windows(model, longTexts, pooled) : [];
}
