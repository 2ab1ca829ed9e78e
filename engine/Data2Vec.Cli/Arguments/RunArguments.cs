using Data2Vec.Training.Data;
using Data2Vec.Training.Exchange;
using Data2Vec.Training.Runs;

namespace Data2Vec.Cli;

/// <summary>The options of the commands that train.</summary>
internal sealed class RunArguments
{
    /// <summary>Variables by which the launchers of MPI tell how many processes they have started.</summary>
    private static readonly string[] s_launched = ["PMI_SIZE", "OMPI_COMM_WORLD_SIZE"];

    private readonly Option<string> _data = new("--data") { Description = "The data to train on: a file or a folder", Required = true, HelpName = "PATH" };
    private readonly Option<string?> _tokenizer = new("--tokenizer") { Description = $"For a text model without a tokenizer: {TokenizerFolder.Contents}", HelpName = "FOLDER" };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder of the run; a run that it holds goes on", Required = true, HelpName = "RUN" };
    private readonly Option<string[]> _set = new("--set") { Description = "A setting of the recipe, such as optimizer.learning_rate=0.001; repeatable", HelpName = "NAME=VALUE" };
    private readonly Option<bool> _trial = new("--dry-run") { Description = "Read the data, make two updates, and say what the run will take; write nothing" };
    private readonly Option<bool> _restart = new("--restart") { Description = "Begin again, even if the folder holds a run" };
    private readonly Option<bool> _strict = new("--strict") { Description = "Stop at the first bad item" };
    private readonly Option<int?> _threads = new Option<int?>("--threads") { Description = "The number of CPU threads; default: one per core", HelpName = "N" }.Range(1, 1024);
    private readonly Option<int> _workers = new Option<int>("--workers") { Description = "The number of batches to load at the same time", DefaultValueFactory = _ => 2, HelpName = "N" }.Range(1, 256);
    private readonly Option<double> _memory = new Option<double>("--memory") { Description = "Gigabytes of activations to keep for the backward pass; others are computed again", DefaultValueFactory = _ => 1, HelpName = "GB" }
        .Check(value => IsNumber(value, out double number) && number is >= 0 and <= 1 << 20, _ => "--memory must be a number of gigabytes");
    private readonly Option<double> _saveEvery = new Option<double>("--save-every") { Description = "The minutes between two saved states of the run", DefaultValueFactory = _ => 10, HelpName = "MINUTES" }
        .Check(value => IsNumber(value, out double number) && number is > 0 and <= 1 << 20, _ => "--save-every must be a number of minutes, more than 0");
    private readonly Option<string?> _plot = new Option<string?>("--plot") { Description = "Draw the curves of loss, rate and measures when the run ends", HelpName = "FILE.svg" }
        .Check(path => OptionFactory.HasExtension(path, ".svg"), _ => "--plot must name a file that ends in .svg");
    private readonly Option<string?> _board = new("--tensorboard") { Description = "Write files for TensorBoard into this folder", HelpName = "FOLDER" };
    private readonly Option<bool> _mpi = new("--mpi") { Description = "Train together with the other processes of mpiexec; default: if there are any" };

    /// <summary>Adds the options to a command.</summary>
    public static RunArguments AddTo(Command command)
    {
        var arguments = new RunArguments();
        command.Add(arguments._data, arguments._tokenizer, arguments._output, arguments._set, arguments._trial, arguments._restart, arguments._strict);
        command.Add(arguments._threads, arguments._workers, arguments._memory, arguments._saveEvery, arguments._plot, arguments._board, arguments._mpi);
        return arguments;
    }

    /// <summary>The data to train on, which exists.</summary>
    public string Data(ParseResult parsed) => Files.RequireFileOrFolder(parsed.GetRequiredValue(_data));

    /// <summary>The folder of a tokenizer; null if none is given.</summary>
    public string? Tokenizer(ParseResult parsed) => parsed.GetValue(_tokenizer);

    /// <summary>The file for the curves; null for none.</summary>
    public string? Plot(ParseResult parsed) => parsed.GetValue(_plot) is { } path ? Files.RequireTarget(path) : null;

    /// <summary>The folder for TensorBoard; null for none.</summary>
    public string? Board(ParseResult parsed) => parsed.GetValue(_board);

    /// <summary>The settings that replace those of the recipe.</summary>
    public IReadOnlyDictionary<string, string> Changes(ParseResult parsed)
    {
        var changes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string given in parsed.GetValue(_set) ?? [])
        {
            int sign = given.IndexOf('=', StringComparison.Ordinal);
            changes[sign > 0 ? given[..sign] : throw new UsageException($"--set {given}: write a setting and its value, such as optimizer.learning_rate=0.001")] = given[(sign + 1)..];
        }

        return changes;
    }

    /// <summary>Joins the processes that train together.</summary>
    public IGradientExchange Join(ParseResult parsed) =>
        parsed.GetValue(_mpi) || s_launched.Any(name => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int count) && count > 1)
            ? MpiExchange.Join()
            : new SingleProcess();

    /// <summary>Where the run writes, and what it may use.</summary>
    public RunOptions Options(ParseResult parsed, IGradientExchange exchange, Action<SkippedItem> skipped)
    {
        string folder = parsed.GetRequiredValue(_output);
        if (string.IsNullOrWhiteSpace(folder))
        {
            throw new UsageException("--output: the name of the folder is empty");
        }

        return new RunOptions
        {
            Folder = File.Exists(folder) ? throw new IOException($"{folder}: a file; a run needs a folder") : folder,
            SaveEvery = TimeSpan.FromMinutes(parsed.GetValue(_saveEvery)),
            Threads = parsed.GetValue(_threads) ?? 0,
            Workers = parsed.GetValue(_workers),
            KeptBytes = (long)(parsed.GetValue(_memory) * (1L << 30)),
            Strict = parsed.GetValue(_strict),
            Restart = parsed.GetValue(_restart),
            IsTrial = parsed.GetValue(_trial),
            PauseAfter = parsed.GetValue(_trial) ? TrainingTrial.Updates : null,
            Exchange = exchange,
            Skipped = skipped,
        };
    }

    private static bool IsNumber(string value, out double number) => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}
