using Data2Vec.Corpus;

namespace Data2Vec.Cli;

/// <summary>The options that say how a job is run. None of them changes results on the same kind of device.</summary>
internal sealed class CorpusWorkerArguments
{
    private readonly Option<int?> _decoders = new Option<int?>("--decoders") { Description = "The number of threads that read and decode inputs ahead of the model; default: one per core", HelpName = "N" }.Range(1, 1024);
    private readonly DeviceArguments? _device;

    private CorpusWorkerArguments(Command command, bool withDevice)
    {
        command.Add(_decoders);
        if (withDevice)
        {
            _device = new DeviceArguments();
            _device.AddTo(command);
        }
    }

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="withDevice">Whether the command has no options for the device yet.</param>
    public static CorpusWorkerArguments AddTo(Command command, bool withDevice = true) => new(command, withDevice);

    /// <summary>The option of a model that is elsewhere than when the job was created.</summary>
    public static Option<string?> Model() => new("--model") { Description = "The job's model, if it is elsewhere now", HelpName = "MODEL" };

    public Device OpenDevice(ParseResult parsed) => _device!.Open(parsed);

    /// <summary>Loads the model of a job.</summary>
    public CorpusWorker Load(ParseResult parsed, Device device, CorpusJob job, string? model, bool strict) => device.Load(backend =>
    {
        try
        {
            return CorpusWorker.Load(job, new WorkerOptions { Backend = backend, Strict = strict, DecodingThreads = parsed.GetValue(_decoders) ?? 0, ModelPath = model });
        }
        catch (ArgumentException problem)
        {
            throw new UsageException(TerminalText.WithoutParameter(problem.Message));
        }
    });
}
