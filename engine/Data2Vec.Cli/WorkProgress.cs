using Spectre.Console;

namespace Data2Vec.Cli;

/// <summary>Shows how far long work is: a bar where the error output is a terminal, otherwise a line for each tenth.</summary>
internal static class WorkProgress
{
    private const int FewSteps = 10;

    /// <summary>Does work that says how far it is.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="steps">How many steps there are; of a few nothing is shown.</param>
    /// <param name="error">Where the lines go.</param>
    /// <param name="work">The work; it is handed what to tell how many steps of how many are done.</param>
    public static T Show<T>(string title, int steps, TextWriter error, Func<Action<int, int>, T> work)
    {
        if (steps < FewSteps)
            return work((_, _) => { });
        if (Console.IsErrorRedirected || !ReferenceEquals(error, Console.Error))
            return work(Lines(title, error));
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        return console.Progress().AutoClear(true).Start(context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape(title));
            return work((done, total) =>
            {
                task.MaxValue = total;
                task.Value = done;
            });
        });
    }

    private static Action<int, int> Lines(string title, TextWriter error)
    {
        int shown = 0;
        return (done, total) =>
        {
            int tenths = (int)(10L * done / total);
            if (tenths == shown)
                return;
            shown = tenths;
            error.WriteLine($"{title}: {10 * tenths} %");
        };
    }
}
