using System.Diagnostics;
using System.Runtime.InteropServices;
using Data2Vec.Training.Exchange;

namespace Data2Vec.Training.Tests.Exchange;

/// <summary>Ranks that MPICH's mpiexec starts on this machine. What they do is in Data2Vec.Training.Ranks.</summary>
public class MpiExchangeTests
{
    private static readonly string? s_launcher = new[] { "mpiexec.hydra", "mpiexec.mpich", "mpiexec" }.FirstOrDefault(IsMpich);

    [Fact]
    public void Ranks_find_each_other()
    {
        (int exit, string output, _) = Start(3, "who");
        Assert.Equal(0, exit);
        Assert.Equal(["rank 0 of 3", "rank 1 of 3", "rank 2 of 3"], Lines(output).Order());
    }

    /// <summary>The ranks check the values. Here the bits are compared: between ranks, and between runs.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sums_are_right_and_have_the_same_bits_on_each_rank_and_in_each_run(int ranks)
    {
        string[] hashes = [.. Enumerable.Range(0, 2).SelectMany(_ =>
        {
            (int exit, string output, string errors) = Start(ranks, "sum");
            Assert.True(exit == 0, errors);
            return Lines(output);
        })];
        Assert.Equal(2 * ranks, hashes.Length);
        Assert.Single(hashes.Distinct());
    }

    [Theory]
    [InlineData("broadcast")]
    [InlineData("threads")]
    public void All_ranks_receive_the_bytes_of_the_first_and_any_thread_may_call(string mode)
    {
        (int exit, _, string errors) = Start(2, mode);
        Assert.True(exit == 0, errors);
    }

    [Fact]
    public void Ranks_with_the_same_recipe_agree() => Assert.Equal(0, Start(2, "agree").Exit);

    [Theory]
    [InlineData("recipe: rank 1 of 3 differs from rank 0.", "1")]
    [InlineData("recipe: ranks 1, 2 of 3 differ from rank 0.", "0")]
    public void A_rank_with_another_recipe_is_named(string message, string other)
    {
        (int exit, _, string errors) = Start(3, "agree", other);
        Assert.Equal(3, exit);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    /// <summary>The first rank waits for the gradient of the last, which ends in different ways. The time limit of the test is the point.</summary>
    [Theory]
    [InlineData("throw", "error of rank 1: a damaged recording")]
    [InlineData("unhandled", "Unhandled exception of rank 1: System.IO.InvalidDataException: a damaged recording")]
    [InlineData("thread", "Unhandled exception of rank 1: System.IO.InvalidDataException: a damaged recording")]
    [InlineData("exit", "")]
    [InlineData("kill", "")]
    public void A_rank_that_ends_too_early_ends_the_others(string mode, string message)
    {
        (int exit, string output, string errors) = Start(2, mode);
        Assert.NotEqual(0, exit);
        Assert.Contains(message, errors + output, StringComparison.Ordinal);
    }

    [Fact]
    public void Processes_of_another_launcher_do_not_train_apart()
    {
        (int exit, _, string errors) = Start(1, "who", environment: ("OMPI_COMM_WORLD_SIZE", "2"));
        Assert.NotEqual(0, exit);
        Assert.Contains("The launcher started 2 processes (OMPI_COMM_WORLD_SIZE), but MPICH did not connect them.", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MPI_is_refused_by_name()
    {
        const string OpenMpi = "libmpi.so.40";
        Assert.SkipUnless(NativeLibrary.TryLoad(OpenMpi, out _), "Open MPI is not installed.");
        var error = Assert.Throws<NotSupportedException>(() => MpiLibrary.Load([], [OpenMpi]));
        Assert.StartsWith("libmpi.so.40 is Open MPI", error.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install mpich", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_without_MPI_is_told_what_to_install()
    {
        var error = Assert.Throws<NotSupportedException>(() => MpiLibrary.Load(["libdata2vec-none.so.12"], []));
        Assert.Contains("No MPI library was found.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_alone_changes_nothing_and_agrees()
    {
        using var exchange = new SingleProcess();
        float[] values = [1, 2];
        exchange.Sum(values);
        exchange.AgreeOn("recipe", [1]);
        exchange.Complete();
        Assert.Equal([1, 2], values);
        Assert.Equal((0, 1), (exchange.Rank, exchange.Count));
    }

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static (int Exit, string Output, string Errors) Start(int ranks, string mode, string? argument = null, (string Name, string Value)? environment = null)
    {
        Assert.SkipWhen(s_launcher is null, "MPICH's mpiexec is not installed (apt-get install mpich).");
        List<string> arguments = ["-n", $"{ranks}"];
        if (environment is { } variable)
        {
            arguments.AddRange(["-genv", variable.Name, variable.Value]);
        }

        arguments.AddRange(["dotnet", Path.Combine(AppContext.BaseDirectory, "Data2Vec.Training.Ranks.dll"), mode]);
        if (argument is not null)
        {
            arguments.Add(argument);
        }

        return Run(s_launcher, arguments, seconds: 120);
    }

    private static bool IsMpich(string launcher)
    {
        try
        {
            return Run(launcher, ["--version"], seconds: 20).Output.Contains("HYDRA", StringComparison.Ordinal);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Exit, string Output, string Errors) Run(string program, IEnumerable<string> arguments, int seconds)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(seconds * 1000))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within {seconds} s.");
        }

        return (process.ExitCode, output.Result, errors.Result);
    }
}
