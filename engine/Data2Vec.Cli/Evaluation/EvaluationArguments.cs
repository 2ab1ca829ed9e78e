using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>The options of all evaluations.</summary>
internal sealed class EvaluationArguments
{
    private readonly string _command;
    private readonly Option<string?> _recipe = new("--recipe") { Description = "Settings and published numbers of a paper's table, by name (see data2vec recipes), or a JSON file", HelpName = "NAME|FILE" };
    private readonly Option<string?> _results = new("--results") { Description = "A file for the result of each item as JSON lines; an evaluation that was stopped goes on with it", HelpName = "FILE" };
    private readonly Option<string?> _report = new("--report") { Description = "A folder for the report: report.md, report.json, pictures", HelpName = "FOLDER" };
    private readonly Option<bool> _json = new("--json") { Description = "Print the report as JSON" };
    private readonly Option<bool> _strict = new("--strict") { Description = "Stop at the first bad item" };
    private readonly DeviceArguments _device = new();
    private ResultFile? _opened;

    private EvaluationArguments(string command) => _command = command;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="hasRecipes">Whether there are recipes for it.</param>
    /// <param name="hasStrict">Whether it needs the option for bad items.</param>
    public static EvaluationArguments AddTo(Command command, bool hasRecipes, bool hasStrict = true)
    {
        var arguments = new EvaluationArguments(command.Name);
        if (hasRecipes)
        {
            command.Add(arguments._recipe);
        }

        command.Add(arguments._results, arguments._report, arguments._json);
        if (hasStrict)
        {
            command.Add(arguments._strict);
        }

        arguments._device.AddTo(command);
        return arguments;
    }

    /// <summary><c>--results</c> if the user gave it; otherwise null.</summary>
    public Option? GivenResults(System.CommandLine.Parsing.CommandResult result) => result.GetResult(_results) is null ? null : _results;

    public EvaluationRecipe? Recipe(ParseResult parsed) => parsed.GetValue(_recipe) is { } name ? EvaluationRecipe.Read(name, _command) : null;

    public BadInputs Bad(ParseResult parsed) => new(parsed.InvocationConfiguration.Error, IsStrict(parsed));

    public bool IsStrict(ParseResult parsed) => parsed.GetValue(_strict);

    public Device Open(ParseResult parsed) => _device.Open(parsed);

    public int? Threads(ParseResult parsed) => _device.Threads(parsed);

    /// <summary>Requires that what is written replaces none of the inputs.</summary>
    public void RequireOutputs(ParseResult parsed, params IEnumerable<string?> inputs)
    {
        if (parsed.GetValue(_results) is { } results)
        {
            // Results are added to the file in its place.
            Files.RequireOther(Files.RequireFolderOf(results), inputs);
        }

        if (parsed.GetValue(_report) is { } folder && File.Exists(folder))
        {
            throw new UsageException($"{folder}: a file; --report names a folder");
        }
    }

    /// <summary>Opens the results of a job.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="job">All that changes a result: the model's digest, the data and the options.</param>
    /// <param name="bad">Receives a remark if there are results already.</param>
    public ResultFile Results(ParseResult parsed, JsonObject job, BadInputs bad)
    {
        ResultFile results = _opened = ResultFile.Open(parsed.GetValue(_results), new JsonObject([KeyValuePair.Create("command", (JsonNode?)_command), .. job.Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))]));
        if (results.Kept > 0)
        {
            bad.Warn($"{parsed.GetValue(_results)}: it has {results.Kept} results, which are not computed again");
        }

        return results;
    }

    /// <summary>Runs work with a progress bar.</summary>
    /// <exception cref="InterruptedException">It was cancelled, and a file has results.</exception>
    public void Show(ParseResult parsed, string title, Action<Action<double>> work)
    {
        try
        {
            WorkProgress.Show(title, parsed.InvocationConfiguration.Error, ownsTerminal: true, work);
        }
        catch (OperationCanceledException) when (_opened is { Count: > 0 })
        {
            throw new InterruptedException($"cancelled; {parsed.GetValue(_results)} has {_opened.Count} results; run the command again to go on");
        }
    }

    /// <summary>Prints a report, and writes it where it is wanted.</summary>
    /// <returns>The exit code.</returns>
    public int Finish(ParseResult parsed, EvaluationReport report, BadInputs bad)
    {
        if (parsed.GetValue(_json))
        {
            parsed.InvocationConfiguration.Output.WriteLine(report.ToJson().ToJsonString(TerminalText.Json));
        }
        else
        {
            report.Print(parsed.InvocationConfiguration.Output);
        }

        if (parsed.GetValue(_report) is { } folder)
        {
            report.Write(folder);
        }

        return bad.ExitCode;
    }

    /// <summary>Whether pictures are wanted.</summary>
    public bool HasPictures(ParseResult parsed) => parsed.GetValue(_report) is not null;

    /// <summary>What tells files from others of the same names: their lengths and when they were written.</summary>
    public static string Describe(IEnumerable<(string Name, string Path)> files)
    {
        string lines = string.Join('\n', files.Select(file => new FileInfo(file.Path) is { Exists: true } found
            ? string.Create(CultureInfo.InvariantCulture, $"{file.Name}\t{found.Length}\t{found.LastWriteTimeUtc.Ticks}")
            : file.Name));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines)));
    }

    /// <summary>What tells data from other data, for the job of a result file.</summary>
    public static JsonObject Describe(TrainingData data) => new() { ["items"] = data.Fingerprint.Items, ["checksum"] = data.Fingerprint.Checksum };
}
