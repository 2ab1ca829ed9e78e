using System.Text.Json.Nodes;
using Data2Vec.Training.Probing;

namespace Data2Vec.Cli;

/// <summary><c>data2vec evaluate embeddings</c>: what a model's vectors know, layer by layer.</summary>
internal static class EvaluateEmbeddingsCommand
{
    private static readonly IReadOnlyList<int> s_recall = [1, 5, 10];

    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "The model: a model file (.d2v), the folder of a run, or the name of a pulled model", Required = true, HelpName = "MODEL" };
        var pairs = new Option<string?>("--pairs") { Description = "Pairs of texts and how similar they are: a table with two texts and a number in each line", HelpName = "FILE" };
        Option<string> layer = OptionFactory.Layer(all: true);
        layer.DefaultValueFactory = _ => "all";
        Option<string?> pool = OptionFactory.Pool(none: false);
        var command = new Command("embeddings", "Measure a model's vectors: linear probes, nearest neighbours, recall, and similarities of texts") { model, pairs, layer, pool };
        ProbeArguments probing = ProbeArguments.AddTo(command, isRequired: false);
        EvaluationArguments arguments = EvaluationArguments.AddTo(command, hasRecipes: false, hasStrict: false);
        command.Validators.Add(result =>
        {
            if (result.GetResult(pairs) is null == result.GetResult("--data") is null)
            {
                result.AddError("give --data, examples with classes or numbers, or --pairs, pairs of texts with scores");
            }
        });
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string? file = parsed.GetValue(pairs) is { } given ? Files.RequireFile(given) : null;
            ProbeSource? source = probing.HasData(parsed) ? probing.Source(parsed) : null;
            LabelledTask task = probing.Task(parsed);
            arguments.RequireOutputs(parsed, file, source?.Path, task.Validation);
            BadInputs bad = probing.Bad(parsed);
            string name = parsed.GetRequiredValue(model);
            using Device device = arguments.Open(parsed);
            using var loaded = EvaluatedModel<Data2VecModel>.Load(name, device);
            bool allLayers = parsed.GetRequiredValue(layer) == "all";
            var options = new EmbeddingOptions { Layer = OptionFactory.ParseLayer(parsed.GetRequiredValue(layer)), Pooling = OptionFactory.ParsePooling(parsed.GetValue(pool)) };
            options.RequireFrom(loaded.Model, name);
            int?[] layers = allLayers ? [.. Enumerable.Range(0, loaded.Model.Layers + 1)] : [options.Layer];
            var report = new EvaluationReport("Embeddings");
            report.Facts.AddRange([("model", name), ("data", file ?? source!.Path)]);
            var job = new JsonObject { ["model"] = loaded.Digest(), ["layer"] = parsed.GetValue(layer), ["pool"] = parsed.GetValue(pool) };
            if (file is not null)
            {
                Pairs(file);
            }
            else
            {
                Examples(source!);
            }

            return arguments.Finish(parsed, report, bad);

            void Pairs(string path)
            {
                if (loaded.Model is not TextModel { Tokenizer: not null } text)
                {
                    throw new UsageException($"{name}: --pairs needs a model of texts with a tokenizer");
                }

                var texts = TextPairs.Read(path, bad);
                job["data"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
                using ResultFile results = arguments.Results(parsed, job, bad);
                (double Pearson, double Spearman)[] found = [];
                arguments.Show(parsed, "Comparing", progress => found = texts.Correlate(text, options, allLayers, results, bad, progress, cancellation));
                report.Facts.Add(("pairs", texts.Count.ToString(CultureInfo.InvariantCulture)));
                report.Figures.AddRange([new("Spearman %, last layer", 100 * found[^1].Spearman), new("Pearson %, last layer", 100 * found[^1].Pearson)]);
                ByLayer(["Spearman %", "Pearson %"], [.. found.Select(value => (double[])[100 * value.Spearman, 100 * value.Pearson])], "correlation in percent");
            }

            void Examples(ProbeSource from)
            {
                (ProbeExamples training, ProbeExamples? validation) = new ProbeData(loaded.Model, name, from, task, bad).Open();
                job["data"] = EvaluationArguments.Describe(training.Data);
                job["validation"] = validation is null ? null : EvaluationArguments.Describe(validation.Data);
                using ResultFile results = arguments.Results(parsed, job, bad);
                ProbeVectors vectors = Embed("Embedding", training, "", from.Path);
                ProbeVectors? others = validation is null ? null : Embed("Embedding what is measured with", validation, "validation ", task.Validation ?? from.Path);
                ProbeResult[] found = [];
                ProbeOptions fitting = probing.Options(parsed, task, arguments.Threads(parsed));
                arguments.Show(parsed, "Learning", progress => found = ProbeResult.Fit(training.Classes, layers, vectors, others, fitting, progress, cancellation));
                report.Facts.Add(("examples", vectors.Targets.Length.ToString(CultureInfo.InvariantCulture)));
                if (training.Classes.Count == 0)
                {
                    double[][] numbers = [.. found.Select(result => ((RegressionResult)result).Probing.Quality).Select(quality => (double[])[100 * quality.Pearson, 100 * quality.Spearman])];
                    Best(found, "Pearson % of a linear probe", numbers.Select(row => row[0]));
                    ByLayer(["Pearson %", "Spearman %"], numbers, "correlation in percent");
                    return;
                }

                ProbeVectors asked = others ?? vectors;
                double[][] rows =
                [
                    .. found.Cast<ClassificationResult>().Select((result, i) => (double[])
                    [
                        100 * result.Score,
                        100 * result.NeighborAccuracy,
                        .. NearestNeighbors.Recall(asked.Layers[i], asked.Labels, s_recall, fitting.Threads).Select(share => 100 * share),
                    ]),
                ];
                string[] names = ["linear probe %", $"{ProbeResult.Neighbors} nearest neighbours %", .. s_recall.Select(k => $"recall@{k} %")];
                foreach ((int i, string measure) in names.Index())
                {
                    Best(found, measure, rows.Select(row => row[i]));
                }

                report.Figures.Add(new Figure("always the same answer %", 100 * ((ClassificationResult)found[0]).ConstantAccuracy));
                ByLayer(names, rows, "accuracy in percent");
                ClassificationProbing best = ((ClassificationResult)found.MaxBy(result => result.Score)!).Probing;
                ClassReport.AddConfusions(report, best.Quality, best.Probe.Labels, arguments.HasPictures(parsed));

                ProbeVectors Embed(string title, ProbeExamples examples, string part, string path)
                {
                    ProbeVectors? embedded = null;
                    arguments.Show(parsed, title, progress => embedded = ProbeVectors.Embed(
                        new KeptExamples(examples, results, part, options.SizeIn(loaded.Model, allLayers)), path, loaded.Model.Modality, options, allLayers, bad, progress, cancellation));
                    return embedded!;
                }
            }

            void Best(ProbeResult[] found, string measure, IEnumerable<double> values)
            {
                (int place, double value) = values.Index().MaxBy(pair => double.IsNaN(pair.Item) ? double.NegativeInfinity : pair.Item);
                report.Figures.Add(new Figure(found.Length > 1 ? $"{measure}, best layer ({OptionFactory.LayerName(layers[place])})" : measure, value));
            }

            void ByLayer(string[] names, double[][] rows, string measure)
            {
                if (rows.Length < 2)
                {
                    return;
                }

                report.Tables.Add(new ReportTable("Layers", ["layer", .. names], [.. rows.Select((row, i) => (string[])
                    [OptionFactory.LayerName(layers[i]), .. row.Select(value => new Figure("", value).Text)])]));
                if (arguments.HasPictures(parsed))
                {
                    report.Pictures.Add(EvaluationPlots.Layers([.. layers.OfType<int>()], measure, [.. names.Select((title, i) => (title, rows.Select(row => row[i]).ToArray()))]));
                }
            }
        });
        return command;
    }
}
