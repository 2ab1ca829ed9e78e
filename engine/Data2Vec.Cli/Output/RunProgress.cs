using System.Diagnostics;
using Data2Vec.Training.Logging;
using Data2Vec.Training.Runs;

namespace Data2Vec.Cli;

/// <summary>
/// Shows where a training run stands: on a terminal one line that changes, otherwise a line every so often. Validations and warnings have lines of their own.
/// </summary>
/// <param name="error">The standard error.</param>
/// <param name="isTerminal">Whether it is a terminal.</param>
/// <param name="isPretraining">Whether there is a teacher.</param>
/// <param name="board">The folder for TensorBoard; null for none.</param>
internal sealed class RunProgress(TextWriter error, bool isTerminal, bool isPretraining, string? board) : IProgress<RunReport>, IDisposable
{
    private static readonly TimeSpan s_betweenLines = TimeSpan.FromSeconds(10), s_betweenChanges = TimeSpan.FromSeconds(0.2);

    private readonly Lock _lock = new();
    private readonly Stopwatch _shown = new();
    private TensorBoardWriter? _board;
    private int _width;

    /// <summary>The last report; null before the first.</summary>
    public RunReport? Last { get; private set; }

    public void Report(RunReport value)
    {
        lock (_lock)
        {
            if (Last is null)
            {
                _board = board is null ? null : TensorBoardWriter.Create(board, value.Update.Update);
                if (value.Update.Update > 0)
                {
                    WriteLine(string.Create(CultureInfo.InvariantCulture, $"data2vec: the run goes on after update {value.Update.Update}"));
                }
            }

            Last = value;
            _board?.Write(value.Update.Update + 1, Numbers(value));
            if (value.Warning is { } warning)
            {
                WriteLine($"data2vec: warning: {TerminalText.OneLine(warning)}");
            }

            if (value.Validation is { } validation)
            {
                string values = string.Join(", ", validation.Values.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value:0.####}")));
                WriteLine(string.Create(CultureInfo.InvariantCulture, $"update {value.Update.Update + 1}: validation {values}{(validation.IsBest ? "; the best so far" : "")}"));
            }

            bool isLast = value.Update.Update + 1 >= value.Updates;
            if (!_shown.IsRunning || isLast || _shown.Elapsed >= (isTerminal ? s_betweenChanges : s_betweenLines))
            {
                _shown.Restart();
                Show(value);
            }
        }
    }

    /// <summary>Writes a line above the one that changes.</summary>
    public void Write(string line)
    {
        lock (_lock)
        {
            WriteLine(line);
        }
    }

    /// <summary>Ends the line that changes.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_width > 0)
            {
                error.WriteLine();
                _width = 0;
            }

            _board?.Dispose();
            _board = null;
        }
    }

    private void Show(RunReport report)
    {
        string deviations = isPretraining ? string.Create(
            CultureInfo.InvariantCulture, $", deviation of targets {report.Update.TargetDeviation:0.000}, of predictions {report.Update.PredictionDeviation:0.000}") : "";
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"update {report.Update.Update + 1} of {report.Updates}: loss {report.Update.Loss:0.0000}{deviations}, rate {report.Update.Rate:0.##e-0}, {report.RowsPerSecond:N0} rows a second, {TerminalText.Duration(report.Left)} left");
        if (!isTerminal)
        {
            error.WriteLine(line);
            return;
        }

        int room = Math.Max(20, Room() - 1);
        line = line.Length > room ? line[..room] : line;
        error.Write($"\r{line.PadRight(_width)}");
        error.Flush();
        _width = line.Length;
    }

    private void WriteLine(string line)
    {
        if (_width > 0)
        {
            error.Write($"\r{new string(' ', _width)}\r");
            _width = 0;
        }

        error.WriteLine(line);
    }

    private static int Room()
    {
        try
        {
            return Console.WindowWidth > 0 ? Console.WindowWidth : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }

    private static IEnumerable<(string Name, double Value)> Numbers(RunReport report)
    {
        yield return ("training/loss", report.Update.Loss);
        yield return ("training/learning_rate", report.Update.Rate);
        yield return ("training/gradient_norm", report.Update.GradientNorm);
        yield return ("training/rows_per_second", report.RowsPerSecond);
        if (report.Update.TargetDeviation > 0)
        {
            yield return ("training/target_deviation", report.Update.TargetDeviation);
            yield return ("training/prediction_deviation", report.Update.PredictionDeviation);
        }

        foreach ((string name, double value) in report.Validation?.Values ?? new Dictionary<string, double>())
        {
            yield return ($"validation/{name}", value);
        }
    }
}
