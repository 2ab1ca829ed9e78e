using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Data2Vec.Cli;

/// <summary>Shows how far long work is: bars where the error output is a terminal, otherwise a line for each tenth.</summary>
internal static class WorkProgress
{
    private const int FewSteps = 10;

    /// <summary>Does work that says how far it is.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="steps">How many steps there are; of a few nothing is shown.</param>
    /// <param name="error">Where the lines go.</param>
    /// <param name="work">The work; it is handed what to tell how many steps of how many are done.</param>
    public static T Show<T>(string title, int steps, TextWriter error, Func<Action<int, int>, T> work) => steps < FewSteps
        ? work((_, _) => { })
        : Show(error, report => work((done, total) => report(title, done, total)));

    /// <summary>Does long work of equal steps, and tells also how fast it goes and how long it will take.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="unit">What a step is, in plural.</param>
    /// <param name="steps">How many steps there are.</param>
    /// <param name="error">Where the lines go.</param>
    /// <param name="work">The work; it is handed what to tell how many steps are done.</param>
    public static T ShowRate<T>(string title, string unit, int steps, TextWriter error, Func<Action<int>, T> work)
    {
        var clock = Stopwatch.StartNew();
        return Show(error, report => work(done =>
        {
            double rate = done / Math.Max(clock.Elapsed.TotalSeconds, 1e-3);
            var left = TimeSpan.FromSeconds(Math.Min((steps - done) / Math.Max(rate, 1e-6), TimeSpan.MaxValue.TotalSeconds / 2));
            report(title, string.Create(CultureInfo.InvariantCulture, $"{rate:0.#} {unit} a second, {(int)left.TotalHours}:{left:mm\\:ss} left"), done, steps);
        }));
    }

    /// <summary>Does work of several parts that say how far they are.</summary>
    /// <param name="error">Where the lines go.</param>
    /// <param name="work">The work; it is handed what to tell how much of how much of a part is done.</param>
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
                    tasks.Add(title, task = context.AddTask(Markup.Escape(Text.OneLine(title))));
                }

                task.Description = Markup.Escape(Text.OneLine($"{title} {remark}"));
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
            if (tenths == shown.GetValueOrDefault(title))
            {
                return;
            }

            shown[title] = tenths;
            error.WriteLine($"{Text.OneLine(title)}: {10 * tenths} %{(remark.Length > 0 ? $", {remark}" : "")}");
        };
    }
}
