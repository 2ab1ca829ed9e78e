using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Data2Vec.Cli.Commands;
using Data2Vec.Cli.Commands.Memes;
using Data2Vec.Kernels;

namespace Data2Vec.Cli;

/// <summary>The <c>data2vec</c> command.</summary>
internal static class Program
{
    private const int BadInput = 1;
    private const int BadUsage = 2;

    /// <summary>What shells report of a program that Ctrl+C ended.</summary>
    private const int Cancelled = 130;

    /// <summary>How long work may take, after Ctrl+C, to put away what it has; without it, Ctrl+C would end the process on the spot.</summary>
    private static readonly TimeSpan s_longestEnd = TimeSpan.FromSeconds(10);

    public static int Main(string[] arguments) => Run(arguments, Console.Out, Console.Error);

    /// <summary>Runs one command.</summary>
    /// <returns>0 where it is done, 1 where the input was bad, 2 where the command line was.</returns>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        ParseResult command = CreateRoot().Parse(arguments);
        if (command.Action is ParseErrorAction)
        {
            foreach (string message in command.Errors.Select(problem => OneLine(problem.Message)).Distinct())
            {
                error.WriteLine($"data2vec: {message}");
            }

            error.WriteLine("data2vec: see data2vec --help");
            return BadUsage;
        }

        try
        {
            return command.Invoke(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = s_longestEnd,
            });
        }
        catch (OperationCanceledException)
        {
            return Fail("cancelled; there is no result", Cancelled);
        }
        catch (UsageException problem)
        {
            return Fail(problem.Message, BadUsage);
        }
        catch (FileNotFoundException problem) when (problem.FileName is not null)
        {
            return Fail($"{problem.FileName}: no such file", BadInput);
        }
        catch (Exception problem) when (problem is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException or HttpRequestException or InsufficientMemoryException or DeviceException)
        {
            return Fail(problem.Message, BadInput);
        }
        catch (Exception problem)
        {
            return Fail($"{problem.GetType().Name}: {problem.Message}", BadInput);
        }

        int Fail(string message, int code)
        {
            error.WriteLine($"data2vec: {OneLine(message)}");
            return code;
        }
    }

    private static string OneLine(string message) => Text.OneLine(message.Split(" (Parameter '")[0]);

    // RootCommand would call itself what the program's file is called.
    private static Command CreateRoot() => new("data2vec", "Converts and runs data2vec models: vectors and labels of speech, images and text")
    {
        new HelpOption(),
        new VersionOption(),
        PullCommand.Create(),
        ConvertCommand.Create(),
        InspectCommand.Create(),
        EmbedCommand.Create(),
        ClassifyCommand.Create(),
        SimilarityCommand.Create(),
        TranscribeCommand.Create(),
        MemesCommand.Create(),
        DevicesCommand.Create(),
    };
}
