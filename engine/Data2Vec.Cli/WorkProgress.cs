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

    /// <summary>Does work of several parts that say how far they are.</summary>
    /// <param name="error">Where the lines go.</param>
    /// <param name="work">The work; it is handed what to tell how much of how much of a part is done.</param>
    public static T Show<T>(TextWriter error, Func<Action<string, long, long>, T> work)
    {
        if (Console.IsErrorRedirected || !ReferenceEquals(error, Console.Error))
            return work(Lines(error));
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        return console.Progress().AutoClear(true).Start(context =>
        {
            var tasks = new Dictionary<string, ProgressTask>();
            return work((title, done, total) =>
            {
                if (!tasks.TryGetValue(title, out ProgressTask? task))
                    tasks.Add(title, task = context.AddTask(Markup.Escape(Text.OneLine(title))));
                task.MaxValue = total;
                task.Value = done;
            });
        });
    }

    private static Action<string, long, long> Lines(TextWriter error)
    {
        var shown = new Dictionary<string, int>();
        return (title, done, total) =>
        {
            int tenths = (int)(10m * done / total);
            if (tenths == shown.GetValueOrDefault(title))
                return;
            shown[title] = tenths;
            error.WriteLine($"{Text.OneLine(title)}: {10 * tenths} %");
        };
    }
}
