using System.Runtime.InteropServices;
using Data2Vec.Training.Exchange;
using Data2Vec.Training.Logging;
using Data2Vec.Training.Runs;
using Data2Vec.Training.State;

namespace Data2Vec.Cli;

/// <summary>Carries out a command that trains: from joining other processes to the last message.</summary>
internal static class TrainingSession
{
    /// <summary>Runs.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="arguments">The options of the run.</param>
    /// <param name="model">Opens the recipe and the model.</param>
    /// <param name="prepare">Opens the data.</param>
    /// <param name="cancellation">Cancelled by Ctrl+C.</param>
    /// <returns>The exit code.</returns>
    public static int Run(
        ParseResult parsed, RunArguments arguments, Func<TrainingModel> model, Func<TrainingModel, RunOptions, PreparedRun> prepare, CancellationToken cancellation)
    {
        using IGradientExchange exchange = arguments.Join(parsed);
        bool isMain = exchange.Rank == 0;
        TextWriter error = isMain ? parsed.InvocationConfiguration.Error : TextWriter.Null, output = isMain ? parsed.InvocationConfiguration.Output : TextWriter.Null;
        string? picture = arguments.Plot(parsed);
        bool isTerminal = isMain && !Console.IsErrorRedirected && ReferenceEquals(error, Console.Error);
        int bad = 0;
        RunProgress? progress = null;
        RunOptions options = arguments.Options(parsed, exchange, item =>
        {
            bad += item.IsBad ? 1 : 0;
            string line = $"data2vec: {TerminalText.OneLine($"{item}; it is left out")}";
            if (isMain && progress is not null)
            {
                progress.Write(line);
            }
            else
            {
                // A dry run shows no progress. The other processes show none either, and this one alone reads the item.
                parsed.InvocationConfiguration.Error.WriteLine(line);
            }
        });
        using TrainingModel start = Checked(model);
        PreparedRun run = Checked(() => prepare(start, options));
        bad += run.Data.Skipped.Count(item => item.IsBad) + (run.Validation?.Skipped.Count(item => item.IsBad) ?? 0);
        foreach (string note in DataSummary.LeftOut(run.Data.Skipped).Concat(run.Validation is null ? [] : DataSummary.LeftOut(run.Validation.Skipped)).Concat(start.Notes).Concat(run.Notes))
        {
            error.WriteLine($"data2vec: {TerminalText.OneLine(note)}");
        }

        cancellation.ThrowIfCancellationRequested();
        if (options.IsTrial)
        {
            TrainingTrial.Run(run, options, output, cancellation);
        }
        else
        {
            using (progress = new RunProgress(error, isTerminal, run.IsPretraining, isMain ? arguments.Board(parsed) : null))
            {
                RunOutcome outcome = Train(run, options, progress, () => Draw(isMain ? picture : null, options), cancellation);
                progress.Dispose();
                foreach (string line in Results(outcome, options))
                {
                    output.WriteLine(line);
                }
            }
        }

        exchange.Complete();
        return bad > 0 ? Program.BadInput : 0;
    }

    /// <summary>Data and models name options of the library that do not fit by exceptions of arguments, which are options of the command line here.</summary>
    private static T Checked<T>(Func<T> open)
    {
        try
        {
            return open();
        }
        catch (ArgumentException problem)
        {
            throw new UsageException(TerminalText.WithoutParameter(problem.Message));
        }
    }

    private static RunOutcome Train(PreparedRun run, RunOptions options, RunProgress progress, Action finish, CancellationToken cancellation)
    {
        int pressed = 0;
        using CancellationTokenRegistration told = cancellation.Register(() =>
            progress.Write("data2vec: stopping after this update and saving the state; Ctrl+C again ends at once, without saving"));
        using PosixSignalRegistration again = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref pressed) > 1)
            {
                Environment.Exit(Program.Cancelled);
            }
        });
        try
        {
            RunOutcome outcome = run.Run(options, progress, cancellation).GetAwaiter().GetResult();
            finish();
            return outcome;
        }
        catch (OperationCanceledException)
        {
            options.Exchange.Complete();
            if (!File.Exists(Path.Combine(options.Folder, TrainingState.FileName)))
            {
                throw;
            }

            finish();
            throw new InterruptedException(string.Create(
                CultureInfo.InvariantCulture,
                $"stopped after {(progress.Last is { } last ? $"update {last.Update.Update + 1} of {last.Updates}" : "no update")}; the state is in {options.Folder}, and the same command goes on{(options.Restart ? " without --restart" : "")}"));
        }
        catch (InvalidDataException problem) when (problem.Message.Contains("RunOptions.Restart", StringComparison.Ordinal))
        {
            throw new InvalidDataException(problem.Message.Replace("RunOptions.Restart", "--restart", StringComparison.Ordinal), problem);
        }
    }

    private static void Draw(string? picture, RunOptions options)
    {
        string log = Path.Combine(options.Folder, RunFiles.Log);
        if (picture is not null && File.Exists(log) && TrainingLog.Read(log) is { Count: > 0 } entries)
        {
            Files.WriteWhole(picture, stream => stream.Write(TrainingCurves.Draw(entries)));
        }
    }

    private static IEnumerable<string> Results(RunOutcome outcome, RunOptions options)
    {
        string loss = outcome.Last is { } last ? string.Create(CultureInfo.InvariantCulture, $", loss {last.Loss:0.####}") : "; the run was complete before";
        yield return string.Create(CultureInfo.InvariantCulture, $"{outcome.Model}: {outcome.Updates:N0} updates{loss}");
        string best = Path.Combine(options.Folder, RunFiles.Best);
        if (outcome.Best is { } value && File.Exists(best))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{best}: the best by the validation, {value:0.####}");
        }
    }
}
