using Data2Vec.Training.Data;
using Data2Vec.Training.Probing;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>What a probe predicts, and how the examples are read.</summary>
/// <param name="Data">The examples.</param>
/// <param name="Validation">The examples to measure with; null for a part of the data, or the development file of a task of GLUE.</param>
/// <param name="IsDivided">Whether a part of the data is to be measured with, even if the task has a development file.</param>
/// <param name="Name">The task of texts: <c>classes</c>, <c>regression</c>, or one of GLUE; null for none.</param>
/// <param name="TextColumns">The columns with texts; null to find them.</param>
/// <param name="LabelColumn">The column with labels; null to find it.</param>
/// <param name="IsStrict">Whether a bad example ends the command.</param>
/// <param name="Images">The limits for images.</param>
/// <param name="MaxSamples">The limit for recordings.</param>
internal sealed record ProbeTask(
    string Data, string? Validation, bool IsDivided, string? Name, IReadOnlyList<string>? TextColumns, string? LabelColumn, bool IsStrict, ImageLimits Images, int MaxSamples);

/// <summary>The options that say what a probe predicts, and what it is measured with.</summary>
internal sealed class ProbeArguments
{
    public const string Classes = "classes", Regression = "regression";

    private static readonly string s_tasks = string.Join(", ", GlueTask.All.Select(task => task.Name.ToLowerInvariant()));

    private readonly Option<string> _data = new("--data") { Description = "The examples: a folder with a folder for each class (recordings, images), or a table with labels", Required = true, HelpName = "PATH" };
    private readonly Option<string?> _validation = new("--validation") { Description = "Other examples to measure with, in the form of the data", HelpName = "PATH" };
    private readonly Option<double> _holdOut = new Option<double>("--hold-out") { Description = "The share of the examples that is measured with instead of learned from", DefaultValueFactory = _ => 0.2, HelpName = "SHARE" }
        .Check(
            value => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is > 0 and < 1,
            _ => "--hold-out must be a number between 0 and 1");
    private readonly Option<int?> _folds = new Option<int?>("--folds") { Description = "Measure with every example: divide them in N parts, and learn N times from all parts but one", HelpName = "N" }.Range(2, 1000);
    private readonly Option<string?> _task = new Option<string?>("--task") { Description = $"What is predicted of texts: {Classes} (default), {Regression} (a number), or a task of GLUE: {s_tasks}", HelpName = "TASK" }
        .Check(value => value is Classes or Regression || GlueTask.Find(value) is not null, value => $"--task {value}: no such task; use {Classes}, {Regression}, {s_tasks}");
    private readonly Option<string[]> _texts = new("--text-column") { Description = "The column with the texts, by its name, or by its number from 0; give it twice for pairs; default: usual names", HelpName = "COLUMN" };
    private readonly Option<string?> _label = new("--label-column") { Description = "The column with the labels of texts or recordings; default: usual names", HelpName = "COLUMN" };
    private readonly Option<string> _seed = new Option<string>("--seed") { Description = "Determines which examples are held out", DefaultValueFactory = _ => "0", HelpName = "N" }
        .Check(value => ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong _), _ => "--seed must be a whole number of at least 0");
    private readonly Option<bool> _strict = new("--strict") { Description = "Stop at the first bad example" };
    private readonly Option<long?> _pixels = OptionFactory.MaxPixels();
    private readonly Option<int> _samples = OptionFactory.MaxSamples();

    /// <summary>Adds the options to a command.</summary>
    public static ProbeArguments AddTo(Command command)
    {
        var arguments = new ProbeArguments();
        command.Add(arguments._data, arguments._validation, arguments._holdOut, arguments._folds, arguments._task, arguments._texts, arguments._label);
        command.Add(arguments._seed, arguments._strict, arguments._pixels, arguments._samples);
        command.Validators.Add(result =>
        {
            if (new Option[] { arguments._validation, arguments._holdOut, arguments._folds }.Count(option => result.GetResult(option) is { Implicit: false }) > 1)
            {
                result.AddError("--validation, --hold-out and --folds are three ways to measure; give one of them");
            }

            if (result.GetResult(arguments._texts)?.Tokens.Count > 2)
            {
                result.AddError("--text-column can be given twice at most");
            }
        });
        return arguments;
    }

    /// <summary>Reads the task.</summary>
    public ProbeTask Task(ParseResult parsed) => new(
        Files.RequireFileOrFolder(parsed.GetRequiredValue(_data)),
        parsed.GetValue(_validation) is { } path ? Files.RequireFileOrFolder(path) : null,
        parsed.GetResult(_holdOut) is { Implicit: false } || parsed.GetValue(_folds) is not null,
        parsed.GetValue(_task),
        parsed.GetValue(_texts) is { Length: > 0 } columns ? columns : null,
        parsed.GetValue(_label),
        parsed.GetValue(_strict),
        OptionFactory.ParseLimits(parsed.GetValue(_pixels)),
        parsed.GetValue(_samples));

    /// <summary>Reads how the probe is fitted and measured.</summary>
    public ProbeOptions Options(ParseResult parsed, int? threads) => new()
    {
        HeldOut = parsed.GetValue(_holdOut),
        Folds = parsed.GetValue(_folds) ?? 0,
        Seed = ulong.Parse(parsed.GetRequiredValue(_seed), CultureInfo.InvariantCulture),
        Threads = threads ?? Environment.ProcessorCount,
    };

    /// <summary>The bad examples of the command.</summary>
    public BadInputs Bad(ParseResult parsed) => new(parsed.InvocationConfiguration.Error, parsed.GetValue(_strict));
}
