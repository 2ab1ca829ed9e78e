using Data2Vec.Training.Probing;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>Where the examples of a probe are, and how they are read.</summary>
/// <param name="Path">The file or folder.</param>
/// <param name="IsStrict">Whether a bad example ends the command.</param>
/// <param name="Images">The limits for images.</param>
/// <param name="MaxSamples">The limit for recordings.</param>
internal sealed record ProbeSource(string Path, bool IsStrict, ImageLimits Images, int MaxSamples);

/// <summary>The options that say what a probe learns from, and how it is measured.</summary>
internal sealed class ProbeArguments
{
    private const double UsualShare = 0.2;

    private readonly Option<string?> _data = new("--data") { Description = "The examples: a folder with a folder for each class (recordings, images), or a table with labels", HelpName = "PATH" };
    private readonly Option<int?> _folds = new Option<int?>("--folds") { Description = "Measure by cross-validation: divide the examples in N parts, and measure each with a probe that learned from the others", HelpName = "N" }.Range(2, 1000);
    private readonly Option<string> _seed = new Option<string>("--seed") { Description = "Chooses the examples that are held out", DefaultValueFactory = _ => "0", HelpName = "N" }
        .Check(value => ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong _), _ => "--seed must be a whole number of at least 0");
    private readonly Option<bool> _strict = new("--strict") { Description = "Stop at the first bad example" };
    private readonly Option<long?> _pixels = OptionFactory.MaxPixels();
    private readonly Option<int> _samples = OptionFactory.MaxSamples();
    private readonly TaskArguments _task;

    private ProbeArguments(Command command, bool isRequired)
    {
        _data.Required = isRequired;
        command.Add(_data);
        _task = TaskArguments.AddTo(command, UsualShare, _folds);
        command.Add(_seed, _strict, _pixels, _samples);
    }

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="isRequired">Whether the command needs examples.</param>
    public static ProbeArguments AddTo(Command command, bool isRequired = true) => new(command, isRequired);

    /// <summary>Whether examples are given.</summary>
    public bool HasData(ParseResult parsed) => parsed.GetValue(_data) is not null;

    /// <summary>Reads what is predicted, and what it is measured with.</summary>
    public LabelledTask Task(ParseResult parsed) => _task.Read(parsed);

    /// <summary>Reads where the examples are.</summary>
    public ProbeSource Source(ParseResult parsed) => new(
        Files.RequireFileOrFolder(parsed.GetRequiredValue(_data)!),
        parsed.GetValue(_strict),
        OptionFactory.ParseLimits(parsed.GetValue(_pixels)),
        parsed.GetValue(_samples));

    /// <summary>Reads how the probe is fitted and measured.</summary>
    public ProbeOptions Options(ParseResult parsed, LabelledTask task, int? threads) => new()
    {
        HeldOut = task.HoldOut ?? UsualShare,
        Folds = parsed.GetValue(_folds) ?? 0,
        Seed = ulong.Parse(parsed.GetRequiredValue(_seed), CultureInfo.InvariantCulture),
        Threads = threads ?? Environment.ProcessorCount,
    };

    /// <summary>The bad examples of the command.</summary>
    public BadInputs Bad(ParseResult parsed) => new(parsed.InvocationConfiguration.Error, parsed.GetValue(_strict));
}
