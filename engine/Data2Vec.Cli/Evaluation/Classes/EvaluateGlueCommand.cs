using System.Text.Json.Nodes;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary><c>data2vec evaluate glue</c>: the tasks of GLUE, by the measures of the papers' tables.</summary>
internal static class EvaluateGlueCommand
{
    private static readonly string s_tasks = string.Join(", ", GlueTask.All.Select(task => task.Name.ToLowerInvariant()));

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The folder of a task of GLUE, the folder of all tasks, or a file of a task", Required = true, HelpName = "PATH" };
        var models = new Option<string[]>("--model") { Description = "The model that is fine-tuned on the task; repeat it as TASK=MODEL for several tasks", Required = true, HelpName = "[TASK=]MODEL" };
        Option<string?> task = new Option<string?>("--task") { Description = $"The task: {s_tasks}; default: the name of the folder", HelpName = "TASK" }
            .Check(value => GlueTask.Find(value) is not null, value => $"--task {value}: no such task; use {s_tasks}");
        var labels = new Option<string?>("--labels") { Description = "The names of the model's outputs in their order: between commas, or a file with one in each line, such as fairseq's label/dict.txt", HelpName = "NAMES|FILE" };
        var command = new Command("glue", "Measure classifiers of texts on the tasks of GLUE") { data, models, task, labels };
        EvaluationArguments arguments = EvaluationArguments.AddTo(command, hasRecipes: true);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string source = Files.RequireFileOrFolder(parsed.GetRequiredValue(data));
            string? names = parsed.GetValue(labels);
            arguments.RequireOutputs(parsed, source, names is not null && File.Exists(names) ? names : null);
            EvaluationRecipe? recipe = arguments.Recipe(parsed);
            BadInputs bad = arguments.Bad(parsed);
            (GlueTask Task, string Model)[] given = [.. parsed.GetRequiredValue(models).Select(model => Parse(model, parsed.GetValue(task), source))];
            if (given.CountBy(pair => pair.Task).FirstOrDefault(pair => pair.Value > 1).Key is { } twice)
            {
                throw new UsageException($"{twice.Name}: two models; give one");
            }

            if (names is not null && given.Length > 1)
            {
                throw new UsageException("--labels is for one model; give one --model, or name the outputs of each when it is converted");
            }

            var report = new EvaluationReport("GLUE") { Source = recipe?.Source };
            report.Facts.Add(("data", source));
            using Device device = arguments.Open(parsed);
            var results = new List<GlueResult>();
            foreach ((GlueTask one, string model) in given)
            {
                IReadOnlyList<GlueFiles> files = GlueFiles.Find(one, source);
                if (files.Count == 0)
                {
                    throw new InvalidDataException($"{source}: there is no {string.Join(" or ", one.DevelopmentFiles)} of {one.Name} in it");
                }

                using var loaded = EvaluatedModel<TextModel>.Load(model, device);
                report.Facts.Add(($"model of {one.Name}", model));
                if (recipe?.DifferenceFrom(loaded.Model, model) is { } difference)
                {
                    bad.Warn(difference);
                }

                var runner = new GlueRunner(loaded, names, arguments.IsStrict(parsed), bad);
                using ResultFile found = given.Length == 1 ? Open(loaded, files) : ResultFile.Open(null, []);
                results.AddRange(files.Select(file =>
                {
                    GlueResult? result = null;
                    arguments.Show(parsed, $"Answering {file.Name}", progress => result = runner.Run(file, found, progress, cancellation));
                    return result!;
                }));
            }

            report.Figures.AddRange(results.Select(result => Figure($"{result.Files.Name} %", 100 * result.Score)));
            if (GlueResult.Average(results) is { } average)
            {
                report.Figures.Add(Figure("average %", average));
            }

            report.Tables.Add(new ReportTable("Tasks", ["task", "examples", "measures %"],
            [
                .. results.Select(result => (string[])
                [
                    result.Files.Name,
                    result.Count.ToString(CultureInfo.InvariantCulture),
                    string.Join(", ", result.Measures.Select(measure => $"{measure.Name} {new Figure("", 100 * measure.Value).Text}")),
                ]),
            ]));
            return arguments.Finish(parsed, report, bad);

            Figure Figure(string name, double value) => new(name, value, "0.0", recipe?.Published(name));

            ResultFile Open(EvaluatedModel<TextModel> loaded, IReadOnlyList<GlueFiles> files) => arguments.Results(
                parsed,
                new JsonObject { ["model"] = loaded.Digest(), ["data"] = new JsonObject([.. files.Select(file => KeyValuePair.Create(file.Name, (JsonNode?)file.Digest()))]) },
                bad);
        });
        command.Validators.Add(result =>
        {
            if (result.GetResult("--results") is not null && result.GetResult(models)?.Tokens.Count > 1)
            {
                result.AddError("--results is for one model; give one --model");
            }
        });
        return command;
    }

    private static (GlueTask Task, string Model) Parse(string given, string? task, string data)
    {
        int equals = given.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0 && GlueTask.Find(given[..equals]) is { } named)
        {
            return (named, given[(equals + 1)..]);
        }

        string folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(File.Exists(data) ? Path.GetDirectoryName(Path.GetFullPath(data))! : data)));
        return (GlueTask.Find(task ?? folder) ?? throw new UsageException($"the task of {given} is not known; give --task, or --model TASK={given}"), given);
    }
}
