using System.Diagnostics;
using Spectre.Console;

namespace Data2Vec.Cli;

/// <summary>
/// Shows the progress of work that takes more than a few seconds, and the time that is left: bars on a terminal, otherwise at most one line per tenth and five seconds. Results that
/// appear on the same terminal are progress enough.
/// </summary>
internal static class WorkProgress
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(5);

    /// <summary>Runs work that reports the share of it that is done.</summary>
    /// <param name="title">What is done.</param>
    /// <param name="error">The standard error.</param>
    /// <param name="ownsTerminal">Whether nothing else is written to a terminal meanwhile.</param>
    /// <param name="work">The work.</param>
    public static void Show(string title, TextWriter error, bool ownsTerminal, Action<Action<double>> work) => Show<object?>(error, ownsTerminal, report =>
    {
        work(done => report(title, "", done));
        return null;
    });

    /// <summary>Runs work that reports the number of done steps, and shows its speed as well.</summary>
    public static T ShowRate<T>(string title, string unit, int steps, TextWriter error, Func<IProgress<int>, T> work)
    {
        var clock = Stopwatch.StartNew();
        return Show(error, ownsTerminal: true, report => work(new ProgressAction<int>(done => report(
            title, string.Create(CultureInfo.InvariantCulture, $", {done / Math.Max(clock.Elapsed.TotalSeconds, 1e-3):0.#} {unit} a second"), (double)done / steps))));
    }

    /// <summary>Runs work that reports a remark and the share that is done.</summary>
    public static T ShowRemarks<T>(string title, TextWriter error, Func<Action<string, double>, T> work) =>
        Show(error, ownsTerminal: true, report => work((remark, done) => report(title, remark, done)));

    /// <summary>Runs work of several parts. It reports the title of a part, and the part's done and total amounts.</summary>
    public static T ShowParts<T>(TextWriter error, Func<Action<string, long, long>, T> work) =>
        Show(error, ownsTerminal: true, report => work((title, done, total) => report(title, "", total > 0 ? (double)done / total : 0)));

    private static T Show<T>(TextWriter error, bool ownsTerminal, Func<Action<string, string, double>, T> work)
    {
        if (Console.IsErrorRedirected || !ReferenceEquals(error, Console.Error))
        {
            return work(Lines(error));
        }

        if (!ownsTerminal)
        {
            return work((_, _, _) => { });
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        return console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var tasks = new Dictionary<string, ProgressTask>();
                return work((title, remark, done) =>
                {
                    if (!tasks.TryGetValue(title, out ProgressTask? task))
                    {
                        tasks.Add(title, task = context.AddTask(Markup.Escape(TerminalText.OneLine(title)), maxValue: 1));
                    }

                    task.Description = Markup.Escape(TerminalText.OneLine(title + remark));
                    task.Value = done;
                });
            });
    }

    private static Action<string, string, double> Lines(TextWriter error)
    {
        var clock = Stopwatch.StartNew();
        string current = "";
        (TimeSpan started, TimeSpan written, int shown) = (TimeSpan.Zero, TimeSpan.Zero, 0);
        return (title, remark, done) =>
        {
            if (title != current)
            {
                (current, started, written, shown) = (title, clock.Elapsed, clock.Elapsed, 0);
            }

            TimeSpan now = clock.Elapsed, elapsed = now - started;
            int tenths = (int)(10 * done);
            if (tenths > shown && tenths < 10 && now - written > s_between)
            {
                (written, shown) = (now, tenths);
                error.WriteLine($"{TerminalText.OneLine(title)}: {10 * tenths} %{remark}, {TerminalText.Duration(elapsed * ((1 - done) / done))} left");
            }
        };
    }
}

/// <summary>Reports progress on the calling thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class ProgressAction<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
