using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Data2Vec.Kernels;

namespace Data2Vec.Cli;

/// <summary>The <c>data2vec</c> command.</summary>
internal static class Program
{
    /// <summary>The exit code of a command with bad input.</summary>
    public const int BadInput = 1;

    private const int BadUsage = 2;

    /// <summary>The exit code of a program that Ctrl+C ended, by the convention of shells.</summary>
    public const int Cancelled = 130;

    /// <summary>The time for cleaning up after Ctrl+C. Without it, Ctrl+C would end the process at once.</summary>
    private static readonly TimeSpan s_terminationTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The same for commands that train, which end after an update, and for the server, which ends its requests. They end at once at the second Ctrl+C.</summary>
    private static readonly TimeSpan s_longTimeout = TimeSpan.FromDays(1);

    public static int Main(string[] arguments) => Run(arguments, Console.Out, Console.Error);

    /// <summary>Runs one command.</summary>
    /// <returns>0 for success, 1 for bad input, 2 for a bad command line, 130 for a cancelled command.</returns>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        ParseResult command = CreateRoot().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
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
                ProcessTerminationTimeout = command.CommandResult.Command.Name is PretrainCommand.Name or FineTuneCommand.Name or ServeCommand.Name ? s_longTimeout : s_terminationTimeout,
            });
        }
        catch (Exception caught)
        {
            // The first error of work in parallel.
            Exception problem = caught is AggregateException { InnerExceptions: [var first, ..] } ? first : caught;
            (string message, int code) = problem switch
            {
                InterruptedException => (problem.Message, Cancelled),
                OperationCanceledException => ("cancelled; nothing was written", Cancelled),
                UsageException => (problem.Message, BadUsage),
                ModelException => (problem.Message, BadInput),
                FileNotFoundException { FileName: { } file } => ($"{file}: no such file", BadInput),
                InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException or HttpRequestException
                    or InsufficientMemoryException or DeviceException => (problem.Message, BadInput),
                _ => ($"{problem.GetType().Name}: {problem.Message}", BadInput),
            };
            error.WriteLine($"data2vec: {OneLine(message)}");
            return code;
        }
    }

    private static string OneLine(string message) => TerminalText.OneLine(TerminalText.WithoutParameter(message));

    // RootCommand would take its name from the program's file.
    internal static Command CreateRoot() => new("data2vec", "Convert, run and train data2vec models: vectors and labels of speech, images and text")
    {
        new HelpOption(),
        new VersionOption(),
        PullCommand.Create(),
        ModelsCommand.Create(),
        ConvertCommand.Create(),
        InspectCommand.Create(),
        EmbedCommand.Create(),
        ClassifyCommand.Create(),
        TokenizeCommand.Create(),
        SimilarityCommand.Create(),
        SearchCommand.Create(),
        TranscribeCommand.Create(),
        DecodeCommand.Create(),
        PretrainCommand.Create(),
        FineTuneCommand.Create(),
        ExportCommand.Create(),
        RecipesCommand.Create(),
        ProbeCommand.Create(),
        new Command("evaluate", "Measure models as the papers do: transcripts, GLUE, images, embeddings")
        {
            EvaluateWerCommand.Create(),
            EvaluateGlueCommand.Create(),
            EvaluateTextsCommand.Create(),
            EvaluateImagenetCommand.Create(),
            EvaluateEmbeddingsCommand.Create(),
        },
        new Command("memes", "Score images with text in them, and train and evaluate models for it (\"Hate Speech in Pixels\")")
        {
            ScoreCommand.Create(),
            TrainCommand.Create(),
            EvaluateCommand.Create(),
            ExtractCommand.Create(),
            GenerateCommand.Create(),
        },
        new Command("corpus", "Run many inputs into Parquet files, in steps that a later run resumes")
        {
            CorpusRunCommand.Create(),
            CorpusStatusCommand.Create(),
            CorpusVerifyCommand.Create(),
            CorpusRetryCommand.Create(),
            CorpusExportCommand.Create(),
        },
        LanguageModelCommand.Create(),
        ServeCommand.Create(),
        DevicesCommand.Create(),
    };
}

/// <summary>Ctrl+C ended the command. The message says what was written.</summary>
internal sealed class InterruptedException(string message) : OperationCanceledException(message);

/// <summary>The command line is wrong. The message says how to correct it.</summary>
internal sealed class UsageException(string message) : Exception(message);
