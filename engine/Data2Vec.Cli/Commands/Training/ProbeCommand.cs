using System.Text.Json.Nodes;
using Data2Vec.ModelFile;
using Data2Vec.Training.Probing;
using Data2Vec.Training.Runs;

namespace Data2Vec.Cli;

/// <summary><c>data2vec probe</c>: measures what a model's vectors know, with a linear probe.</summary>
internal static class ProbeCommand
{
    private const string ModelExtension = ".d2v", ProbeExtension = ".json";
    private const int MostNamed = 10;

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "The model: a model file (.d2v), the folder of a run, or the name of a pulled model" };
        var command = new Command("probe", "Measure how well a linear probe learns classes or numbers from a model's vectors; the model stays as it is") { model };
        ProbeArguments arguments = ProbeArguments.AddTo(command);
        Option<string> layer = OptionFactory.Layer(all: true);
        Option<string?> pool = OptionFactory.Pool(none: false);
        var json = new Option<bool>("--json") { Description = "Print the results as JSON" };
        Option<string?> output = new Option<string?>("--output", "-o") { Description = "Save the probe: a copy of the model with the probe as its head (.d2v, images and texts), or the weights (.json, and .npy beside it)", HelpName = "FILE" }
            .Check(path => OptionFactory.HasExtension(path, ModelExtension) || OptionFactory.HasExtension(path, ProbeExtension), _ => "--output must name a file that ends in .d2v or .json");
        command.Add(layer, pool, json, output);
        var devices = new DeviceArguments();
        devices.AddTo(command);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            ProbeSource source = arguments.Source(parsed);
            LabelledTask task = arguments.Task(parsed);
            string given = parsed.GetRequiredValue(model), path = ModelName.ResolveRun(given, RunFiles.Model);
            string? target = parsed.GetValue(output);
            string?[] inputs = [path, source.Path, task.Validation];
            Files.RequireOutput(target, inputs);
            Files.RequireOutput(target is null ? null : Path.ChangeExtension(target, ".npy"), inputs);
            ProbeOptions options = arguments.Options(parsed, task, devices.Threads(parsed));
            BadInputs bad = arguments.Bad(parsed);
            using Device device = devices.Open(parsed);
            using Data2VecModel loaded = device.Load(backend => Data2VecModel.Load(D2vFile.Open(path), new ModelOptions { Backend = backend }));
            bool allLayers = parsed.GetRequiredValue(layer) == "all";
            var wanted = new EmbeddingOptions { Layer = OptionFactory.ParseLayer(parsed.GetRequiredValue(layer)), Pooling = OptionFactory.ParsePooling(parsed.GetValue(pool)) };
            wanted.RequireFrom(loaded, given);
            ProbeHead? head = target is not null && OptionFactory.HasExtension(target, ModelExtension) ? Head(loaded, wanted, allLayers, given, target) : null;
            if (head is not null)
            {
                // The number of the last layer stands for its output before the final norm.
                wanted = wanted with { Layer = null, Pooling = head.Pooling, Normalize = false };
            }

            (ProbeExamples training, ProbeExamples? validation) = new ProbeData(loaded, given, source, task, bad).Open();
            ProbeVectors vectors = Embed("Embedding", training, source.Path);
            ProbeVectors? others = validation is null ? null : Embed("Embedding what is measured with", validation, task.Validation ?? source.Path);
            string[] single = [.. training.Classes.Where((_, c) => vectors.Targets.Count(target => target == c) == 1)];
            if (single.Length > 0)
            {
                bad.Warn($"{Names(single)} with one example{(others is null ? ", which cannot be learned from and measured with" : "")}");
            }

            if (head is not null && training.Classes.Where((_, c) => !vectors.Targets.Contains(c)).FirstOrDefault() is { } missing)
            {
                throw new InvalidDataException($"{source.Path}: no example of the class '{missing}', and a head needs one of each class; save the probe as .json");
            }

            int?[] layers = allLayers ? [.. Enumerable.Range(0, loaded.Layers + 1)] : [wanted.Layer];
            ProbeResult[] results = [];
            WorkProgress.Show("Learning", parsed.InvocationConfiguration.Error, ownsTerminal: true, report =>
                results = ProbeResult.Fit(training.Classes, layers, vectors, others, options, report, cancellation));
            ProbeResult best = results.MaxBy(result => result.Score)!;
            string[] unmeasured = others is null && best is ClassificationResult classes ? [.. classes.Probing.Unmeasured.Except(single)] : [];
            if (unmeasured.Length > 0)
            {
                bad.Warn($"{Names(unmeasured)} without an example to measure with; --folds 5 measures with every example");
            }

            if (target is not null)
            {
                Save(target, path, best, head, Description(given, loaded, wanted, allLayers ? best.Layer : wanted.Layer));
            }

            var found = new ProbeReport(vectors.Targets.Length, Measured(task, options, best, validation is not null), results, best);
            Print(found, target, parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return bad.ExitCode;

            ProbeVectors Embed(string title, ProbeExamples examples, string path)
            {
                ProbeVectors? embedded = null;
                WorkProgress.Show(title, parsed.InvocationConfiguration.Error, ownsTerminal: true, report =>
                    embedded = ProbeVectors.Embed(examples, path, loaded.Modality, wanted, allLayers, bad, report, cancellation));
                return head is null ? embedded! : embedded! with { Layers = [.. embedded!.Layers.Select(head.Apply)] };
            }
        });
        return command;
    }

    /// <summary>The head that the model gets.</summary>
    private static ProbeHead Head(Data2VecModel model, EmbeddingOptions wanted, bool allLayers, string given, string target)
    {
        ProbeHead head = ProbeHead.For(model.Config) ?? throw new UsageException($"{target}: {given} cannot have a head for labels; save the probe as .json");
        string pooling = PoolingNames.OptionOf(head.Pooling);
        if (allLayers || (wanted.Layer is { } layer && layer != model.Layers))
        {
            throw new UsageException($"{target}: a head reads the last layer; leave out --layer, or save the probe as .json");
        }

        return wanted.Pooling is { } other && other != head.Pooling
            ? throw new UsageException($"{target}: the head of {given} reads --pool {pooling}; leave out --pool, or save the probe as .json")
            : head;
    }

    private static string Names(string[] names) =>
        (names.Length == 1 ? "class " : "classes ") + string.Join(", ", names.Take(MostNamed)) + (names.Length > MostNamed ? $" and {names.Length - MostNamed} more" : "");

    private static string Measured(LabelledTask task, ProbeOptions options, ProbeResult result, bool hasOthers)
    {
        int count = result is ClassificationResult classes ? classes.Probing.Quality.Count : ((RegressionResult)result).Probing.Quality.Count;
        return hasOthers ? $"{count} of {task.Validation ?? "the development set"}"
            : options.Folds > 0 ? $"all, in {options.Folds} folds"
            : $"{count} held out";
    }

    private static JsonObject Description(string given, Data2VecModel model, EmbeddingOptions wanted, int? layer) => new()
    {
        ["model"] = model.Id ?? given,
        ["layer"] = OptionFactory.LayerJson(layer),
        ["pool"] = PoolingNames.OptionOf(wanted.Pooling ?? model.Config.Embedding.Pooling),
        ["normalize"] = wanted.Normalize ?? model.Config.Embedding.Normalize,
    };

    private static void Save(string target, string model, ProbeResult best, ProbeHead? head, JsonObject vectors)
    {
        switch (best)
        {
            case ClassificationResult classes when head is not null:
                using (D2vFile file = D2vFile.Open(model))
                {
                    head.Write(file, classes.Probing.Probe, Files.ModelTarget(target));
                }

                break;
            case RegressionResult numbers when head is not null:
                using (D2vFile file = D2vFile.Open(model))
                {
                    head.Write(file, numbers.Probing.Probe, "score", Files.ModelTarget(target));
                }

                break;
            case ClassificationResult classes:
                ProbeFile.Write(target, classes.Probing.Probe, vectors);
                break;
            case RegressionResult numbers:
                ProbeFile.Write(target, numbers.Probing.Probe, vectors);
                break;
        }
    }

    private static void Print(ProbeReport report, string? target, bool isJson, TextWriter output)
    {
        if (isJson)
        {
            JsonObject result = report.ToJson();
            result["probe"] = target;
            output.WriteLine(result.ToJsonString(TerminalText.Json));
            return;
        }

        report.Print(output);
        if (target is not null)
        {
            output.WriteLine();
            output.WriteLine($"probe\t{target}");
        }
    }
}
