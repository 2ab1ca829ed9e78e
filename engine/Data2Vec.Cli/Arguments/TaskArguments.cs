using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>What is learned in fine-tuning, and what it is measured with.</summary>
/// <param name="Name">The task of texts: <c>classes</c>, <c>regression</c>, or one of GLUE; null for none.</param>
/// <param name="Validation">The data to measure with; null for none.</param>
/// <param name="HoldOut">The share of the data to measure with; null for none.</param>
/// <param name="TextColumns">The columns with texts; null to find them.</param>
/// <param name="LabelColumn">The column with labels; null to find it.</param>
internal sealed record FineTuneTask(string? Name, string? Validation, double? HoldOut, IReadOnlyList<string>? TextColumns, string? LabelColumn);

/// <summary>The options that say what is learned in fine-tuning.</summary>
internal sealed class TaskArguments
{
    public const string Classes = "classes", Regression = "regression";

    private readonly Option<string?> _validation = new("--validation") { Description = "Data to measure with, in the form of the data", HelpName = "PATH" };
    private readonly Option<double?> _holdOut = new Option<double?>("--hold-out") { Description = "The share of the data that is measured with instead of trained on, such as 0.1", HelpName = "SHARE" }
        .Check(
            value => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is > 0 and < 1,
            _ => "--hold-out must be a number between 0 and 1");
    private readonly Option<string?> _task = new Option<string?>("--task")
    {
        Description = $"What is learned of texts: {Classes} (default), {Regression} (a number), or a task of GLUE: {string.Join(", ", GlueTask.All.Select(task => Lower(task.Name)))}",
        HelpName = "TASK",
    }.Check(IsTask, value => $"--task {value}: no such task; use {Classes}, {Regression} or {string.Join(", ", GlueTask.All.Select(task => Lower(task.Name)))}");
    private readonly Option<string[]> _texts = new("--text-column") { Description = "The column with the texts, by its name, or by its number from 0; give it twice for pairs; default: usual names", HelpName = "COLUMN" };
    private readonly Option<string?> _label = new("--label-column") { Description = "The column with the labels; default: usual names", HelpName = "COLUMN" };

    public static TaskArguments AddTo(Command command)
    {
        var arguments = new TaskArguments();
        command.Add(arguments._validation, arguments._holdOut, arguments._task, arguments._texts, arguments._label);
        command.Validators.Add(result =>
        {
            if (result.GetResult(arguments._validation) is not null && result.GetResult(arguments._holdOut) is not null)
            {
                result.AddError("--validation and --hold-out are two ways to measure; give one of them");
            }

            if (result.GetResult(arguments._texts)?.Tokens.Count > 2)
            {
                result.AddError("--text-column can be given twice at most");
            }
        });
        return arguments;
    }

    public FineTuneTask Read(ParseResult parsed) => new(
        parsed.GetValue(_task),
        parsed.GetValue(_validation) is { } path ? Files.RequireFileOrFolder(path) : null,
        parsed.GetValue(_holdOut),
        parsed.GetValue(_texts) is { Length: > 0 } columns ? columns : null,
        parsed.GetValue(_label));

    private static bool IsTask(string value) => value is Classes or Regression || GlueTask.Find(value) is not null;

    private static string Lower(string name) => name.ToLowerInvariant();
}
