using System.CommandLine.Parsing;
using Data2Vec.Audio;

namespace Data2Vec.Cli;

/// <summary>The options for the windows of recordings.</summary>
internal sealed class WindowArguments
{
    private const double Most = 3600;

    private readonly Option<double?> _window = OptionFactory.Seconds("--window", "The windows that long recordings are cut into, in seconds; recordings that are longer than this are then cut; default: 20", 0.1, Most);
    private readonly Option<double?> _stride = OptionFactory.Seconds("--stride", "What neighbouring windows overlap on each side, in seconds, for context; default: a tenth of --window", 0, Most);

    public void AddTo(Command command)
    {
        command.Add(_window, _stride);
        command.Validators.Add(result =>
        {
            double window = result.GetValue(_window) ?? RecordingWindows.Default.Length.TotalSeconds;
            if (result.GetValue(_stride) is { } stride && 2 * stride >= window)
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"--stride {stride}: twice the stride must be less than the window of {window} s"));
            }
        });
    }

    /// <summary>The first of the options that the command line has; null if it has none.</summary>
    public string? FirstGiven(CommandResult result) => new Option[] { _window, _stride }.FirstOrDefault(option => result.GetResult(option) is not null)?.Name;

    /// <summary>The windows; null if the command line says nothing about them.</summary>
    public RecordingWindows? Read(ParseResult parsed, RecordingWindows usual)
    {
        double? window = parsed.GetValue(_window), stride = parsed.GetValue(_stride);
        if (window is null && stride is null)
        {
            return null;
        }

        TimeSpan length = window is { } given ? TimeSpan.FromSeconds(given) : usual.Length;
        return new RecordingWindows
        {
            Length = length,
            Stride = stride is { } overlap ? TimeSpan.FromSeconds(overlap) : length / 10,
            LongestWhole = window is null ? usual.LongestWhole : null,
        };
    }
}
