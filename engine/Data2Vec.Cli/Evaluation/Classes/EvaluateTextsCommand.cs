using System.Text.Json.Nodes;
using Data2Vec.Training.Data;
using Data2Vec.Training.Probing;

namespace Data2Vec.Cli;

/// <summary><c>data2vec evaluate texts</c>: a classifier of texts on any table, also by the groups of a column.</summary>
internal static class EvaluateTextsCommand
{
    private const string Bundled = "text-sentiment.d2v";

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "A table with texts and labels (.csv, .tsv)", Required = true, HelpName = "FILE" };
        var model = new Option<string?>("--model") { Description = $"The classifier; default: {Bundled} in the program's models folder", HelpName = "MODEL" };
        var labels = new Option<string?>("--labels") { Description = "The names of the model's outputs in their order: between commas, or a file with one in each line", HelpName = "NAMES|FILE" };
        var texts = new Option<string[]>("--text-column") { Description = "The column with the texts; give it twice for pairs; default: usual names", HelpName = "COLUMN" };
        var label = new Option<string?>("--label-column") { Description = "The column with the labels; default: usual names", HelpName = "COLUMN" };
        var by = new Option<string?>("--by") { Description = "Also measure each group of examples that this column names", HelpName = "COLUMN" };
        var command = new Command("texts", "Measure a classifier of texts on a table with labels") { data, model, labels, texts, label, by };
        EvaluationArguments arguments = EvaluationArguments.AddTo(command, hasRecipes: false);
        command.Validators.Add(result =>
        {
            if (result.GetResult(texts)?.Tokens.Count > 2)
            {
                result.AddError("--text-column can be given twice at most");
            }
        });
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string source = Files.RequireFile(parsed.GetRequiredValue(data));
            arguments.RequireOutputs(parsed, source);
            BadInputs bad = arguments.Bad(parsed);
            Dictionary<string, string>? groups = parsed.GetValue(by) is { } column ? Groups(source, column) : null;
            using Device device = arguments.Open(parsed);
            using var loaded = EvaluatedModel<TextModel>.Load(parsed.GetValue(model) ?? Files.Bundled(Bundled), device);
            if (loaded.Model.Tokenizer is null || loaded.Model.Labels is null)
            {
                throw new InvalidDataException($"{loaded.Given}: the model has no {(loaded.Model.Labels is null ? "classification head" : "tokenizer")}");
            }

            IReadOnlyList<string> classes = LabelOrder.Names(loaded.Model.Labels, parsed.GetValue(labels), loaded.Given);
            LabelledTextData<int> examples = Open(loaded.Model, classes);
            foreach (SkippedItem item in examples.Skipped.Where(item => item.IsBad))
            {
                bad.Report(item.Name, new InvalidDataException(item.Reason));
            }

            using ResultFile results = arguments.Results(parsed, new JsonObject { ["model"] = loaded.Digest(), ["data"] = EvaluationArguments.Describe(examples) }, bad);
            List<ClassAnswer> answers = [];
            arguments.Show(parsed, "Answering", progress => answers = ClassAnswers.Run(loaded.Model, examples, source, results, bad, progress, cancellation));
            int[] predicted = [.. answers.Select(answer => answer.Outputs[0])], right = [.. answers.Select(answer => examples.Load(answer.Item, default).Target)];
            var quality = new ClassificationQuality(predicted, right, classes.Count);
            var report = new EvaluationReport("Classes of texts");
            report.Facts.AddRange([("model", loaded.Given), ("data", source), ("examples", answers.Count.ToString(CultureInfo.InvariantCulture))]);
            report.Figures.AddRange([new("accuracy %", 100 * quality.Accuracy), new("mean F1 %", 100 * quality.MacroF1), new("Matthews %", 100 * quality.Matthews)]);
            report.Tables.Add(new ReportTable("Classes", ["class", "examples", "right", "F1 %"], [.. classes.Select((name, c) => (string[])
                [name, Count(quality.Confusion[c].Sum()), Count(quality.Confusion[c][c]), new Figure("", 100 * quality.F1[c]).Text])]));
            if (groups is not null)
            {
                report.Tables.Add(ByGroup(parsed.GetValue(by)!, answers.Select((answer, i) => (groups[examples.Name(answer.Item)], predicted[i] == right[i]))));
            }

            ClassReport.AddConfusions(report, quality, classes, arguments.HasPictures(parsed));
            return arguments.Finish(parsed, report, bad);

            LabelledTextData<int> Open(TextModel text, IReadOnlyList<string> names)
            {
                try
                {
                    return LabelledText.OpenClasses(source, TextEncoding.For(text), names, new TextTableOptions
                    {
                        TextColumns = parsed.GetValue(texts) is { Length: > 0 } columns ? columns : null,
                        LabelColumn = parsed.GetValue(label),
                        Strict = arguments.IsStrict(parsed),
                    });
                }
                catch (ArgumentException problem)
                {
                    throw new UsageException(TerminalText.WithoutParameter(problem.Message));
                }
            }
        });
        return command;
    }

    private static ReportTable ByGroup(string column, IEnumerable<(string Group, bool IsRight)> answers) => new($"By {column}", [column, "examples", "right", "accuracy %"],
    [
        .. answers.GroupBy(answer => answer.Group, StringComparer.Ordinal).Select(group => (string[])
            [group.Key, Count(group.Count()), Count(group.Count(answer => answer.IsRight)), new Figure("", 100.0 * group.Count(answer => answer.IsRight) / group.Count()).Text]),
    ]);

    /// <summary>The group of each row, by the name of the row.</summary>
    private static Dictionary<string, string> Groups(string path, string column)
    {
        var table = Table.Read(path, new TableOptions());
        int number = table.Require(column);
        return table.Rows.ToDictionary(table.Name, row => row.Fields.ElementAtOrDefault(number)?.Trim() ?? "", StringComparer.Ordinal);
    }

    private static string Count(int count) => count.ToString(CultureInfo.InvariantCulture);
}
