using System.Diagnostics;
using Spectre.Console;

namespace Data2Vec.Cli;

/// <summary>Shows the progress of long work: bars if the standard error is a terminal, otherwise one line per tenth.</summary>
internal static class WorkProgress
{
    private const int FewSteps = 10;

    /// <summary>Runs work that reports the numbers of done and of all steps. Progress is shown only for many steps.</summary>
    public static T Show<T>(string title, int steps, TextWriter error, Func<Action<int, int>, T> work) => steps < FewSteps
        ? work((_, _) => { })
        : Show(error, report => work((done, total) => report(title, done, total)));

    /// <summary>Runs work that reports the number of done steps, and shows its speed and the remaining time as well.</summary>
    public static T ShowRate<T>(string title, string unit, int steps, TextWriter error, Func<IProgress<int>, T> work)
    {
        var clock = Stopwatch.StartNew();
        return Show(error, report => work(new ProgressAction<int>(done =>
        {
            double rate = done / Math.Max(clock.Elapsed.TotalSeconds, 1e-3);
            var left = TimeSpan.FromSeconds(Math.Min((steps - done) / Math.Max(rate, 1e-6), TimeSpan.MaxValue.TotalSeconds / 2));
            report(title, string.Create(CultureInfo.InvariantCulture, $"{rate:0.#} {unit} a second, {(int)left.TotalHours}:{left:mm\\:ss} left"), done, steps);
        })));
    }

    /// <summary>Runs work of several parts. It reports the title of a part, and the part's done and total amounts.</summary>
    public static T Show<T>(TextWriter error, Func<Action<string, long, long>, T> work) =>
        Show(error, report => work((title, done, total) => report(title, "", done, total)));

    private static T Show<T>(TextWriter error, Func<Action<string, string, long, long>, T> work)
    {
        if (Console.IsErrorRedirected || !ReferenceEquals(error, Console.Error))
        {
            return work(Lines(error));
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        return console.Progress().AutoClear(true).Start(context =>
        {
            var tasks = new Dictionary<string, ProgressTask>();
            return work((title, remark, done, total) =>
            {
                if (!tasks.TryGetValue(title, out ProgressTask? task))
                {
                    tasks.Add(title, task = context.AddTask(Markup.Escape(TerminalText.OneLine(title))));
                }

                task.Description = Markup.Escape(TerminalText.OneLine($"{title} {remark}"));
                task.MaxValue = total;
                task.Value = done;
            });
        });
    }

    private static Action<string, string, long, long> Lines(TextWriter error)
    {
        var shown = new Dictionary<string, int>();
        return (title, remark, done, total) =>
        {
            int tenths = (int)(10m * done / total);
            if (tenths != shown.GetValueOrDefault(title))
            {
                shown[title] = tenths;
                error.WriteLine($"{TerminalText.OneLine(title)}: {10 * tenths} %{(remark.Length > 0 ? $", {remark}" : "")}");
            }
        };
    }
}

/// <summary>Reports progress on the calling thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class ProgressAction<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
