using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>What is learned from labelled examples, and what it is measured with.</summary>
/// <param name="Name">The task of texts: <c>classes</c>, <c>regression</c>, or one of GLUE; null for none.</param>
/// <param name="Validation">Other examples to measure with; null for none.</param>
/// <param name="HoldOut">The share of the examples to measure with; null for none.</param>
/// <param name="IsDivided">Whether the command line says to measure with a part of the examples, even if the task has a development file.</param>
/// <param name="TextColumns">The columns with texts; null to find them.</param>
/// <param name="LabelColumn">The column with labels; null to find it.</param>
internal sealed record LabelledTask(string? Name, string? Validation, double? HoldOut, bool IsDivided, IReadOnlyList<string>? TextColumns, string? LabelColumn);

/// <summary>The options that say what is learned from labelled examples, and what it is measured with.</summary>
internal sealed class TaskArguments
{
    public const string Classes = "classes", Regression = "regression";

    private static readonly string s_tasks = $"{Classes}, {Regression}, {GlueTasks}";

    private readonly Option<string?> _validation = new("--validation") { Description = "Other examples to measure with, in a form that --data can have", HelpName = "PATH" };
    private readonly Option<double?> _holdOut = new Option<double?>("--hold-out") { Description = "The share of the examples to hold out and measure with, such as 0.1", HelpName = "SHARE" }
        .Check(
            value => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is > 0 and < 1,
            _ => "--hold-out must be a number between 0 and 1");
    private readonly Option<string?> _task = new Option<string?>("--task") { Description = $"What to predict from texts: {Classes} (default), {Regression} (a number), or a task of GLUE: {GlueTasks}", HelpName = "TASK" }
        .Check(value => value is Classes or Regression || GlueTask.Find(value) is not null, value => $"--task {value}: no such task; use {s_tasks}");
    private readonly Option<string[]> _texts = new("--text-column") { Description = "The column with the texts, by its name, or by its number from 0; give it twice for pairs; default: usual names", HelpName = "COLUMN" };
    private readonly Option<string?> _label = new("--label-column") { Description = "The column with the labels, by its name, or by its number from 0; default: usual names", HelpName = "COLUMN" };
    private readonly Option[] _parts;

    private TaskArguments(Option[] parts) => _parts = [_holdOut, .. parts];

    private static string GlueTasks => string.Join(", ", GlueTask.All.Select(task => task.Name.ToLowerInvariant()));

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="usualShare">The share that is held out if the command line does not say what to measure with; null for none.</param>
    /// <param name="parts">The command's own options that measure with parts of the examples.</param>
    public static TaskArguments AddTo(Command command, double? usualShare = null, params Option[] parts)
    {
        var arguments = new TaskArguments(parts);
        if (usualShare is not null)
        {
            arguments._holdOut.DefaultValueFactory = _ => usualShare;
        }

        Option[] measures = [arguments._validation, .. arguments._parts];
        command.Add(measures);
        command.Add(arguments._task, arguments._texts, arguments._label);
        command.Validators.Add(result =>
        {
            if (measures.Count(option => result.GetResult(option) is { Implicit: false }) > 1)
            {
                result.AddError($"{string.Join(", ", measures.Select(option => option.Name))} are ways to measure; give one of them");
            }

            if (result.GetResult(arguments._texts)?.Tokens.Count > 2)
            {
                result.AddError("--text-column can be given twice at most");
            }
        });
        return arguments;
    }

    public LabelledTask Read(ParseResult parsed) => new(
        parsed.GetValue(_task),
        parsed.GetValue(_validation) is { } path ? Files.RequireFileOrFolder(path) : null,
        parsed.GetValue(_holdOut),
        _parts.Any(option => parsed.GetResult(option) is { Implicit: false }),
        parsed.GetValue(_texts) is { Length: > 0 } columns ? columns : null,
        parsed.GetValue(_label));
}
