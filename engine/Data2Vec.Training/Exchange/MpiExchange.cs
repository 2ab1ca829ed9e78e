using System.Globalization;

namespace Data2Vec.Training.Exchange;

/// <summary>
/// The exchange of processes that MPICH's <c>mpiexec</c> or a scheduler started: <c>mpiexec -n 2 data2vec pretrain ...</c>. A process has one such exchange
/// in its life.
/// </summary>
/// <remarks>
/// A process that ends without <see cref="Complete"/> ends all ranks, so that none waits for it forever. It does so when it exits, after its error
/// was printed. Errors of MPI itself end all ranks at once: that is MPI's default.
/// </remarks>
public sealed unsafe class MpiExchange : IGradientExchange
{
    /// <summary>Elements that are added at once. The size is fixed, because MPI counts in 32 bits and chooses its order of additions by size.</summary>
    private const int ChunkElements = 1 << 22;

    private const int ChunkBytes = 1 << 24;

    /// <summary>How launchers tell the number of processes. MPICH's own sets up the library and needs none of them.</summary>
    private static readonly string[] s_launcherCounts = ["OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "PMI_SIZE", "WORLD_SIZE"];

    private static readonly TimeSpan s_beforeAbort = TimeSpan.FromSeconds(0.5);

    private readonly MpiLibrary _library;
    private bool _completed, _disposed;

    private MpiExchange(MpiLibrary library)
    {
        _library = library;
        AppDomain.CurrentDomain.ProcessExit += EndOthers;
        AppDomain.CurrentDomain.UnhandledException += ReportAndEndOthers;
        int rank, count;
        Check(library.CommRank(MpiLibrary.World, &rank), "MPI_Comm_rank");
        Check(library.CommSize(MpiLibrary.World, &count), "MPI_Comm_size");
        (Rank, Count) = (rank, count);
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>The name and version of the MPI library.</summary>
    public string Library => _library.Version;

    /// <summary>Joins the processes that were started together. A process that was started alone is rank 0 of 1.</summary>
    /// <exception cref="NotSupportedException">No MPICH was found, or the launcher belongs to another library.</exception>
    /// <exception cref="InvalidOperationException">This process has joined before.</exception>
    public static MpiExchange Join()
    {
        var library = MpiLibrary.Load();
        int initialized;
        Check(library.Initialized(&initialized), "MPI_Initialized");
        if (initialized != 0)
        {
            throw new InvalidOperationException("MPI was initialized before; a process has one exchange in its life.");
        }

        int provided;
        Check(library.InitThread(null, null, MpiLibrary.ThreadSerialized, &provided), "MPI_Init_thread");
        var exchange = new MpiExchange(library);
        string? complaint = provided < MpiLibrary.ThreadSerialized
            ? $"{library.Version} was built without support of threads."
            : Launcher(exchange.Count);
        if (complaint is not null)
        {
            exchange.Complete();
            throw new NotSupportedException(complaint);
        }

        return exchange;
    }

    /// <inheritdoc/>
    public void Sum(Span<float> values)
    {
        RequireOpen();
        fixed (float* start = values)
        {
            for (int offset = 0; offset < values.Length; offset += ChunkElements)
            {
                Sum(start + offset, Math.Min(ChunkElements, values.Length - offset), MpiLibrary.Float);
            }
        }
    }

    /// <inheritdoc/>
    public void Sum(Span<double> values)
    {
        RequireOpen();
        fixed (double* start = values)
        {
            for (int offset = 0; offset < values.Length; offset += ChunkElements)
            {
                Sum(start + offset, Math.Min(ChunkElements, values.Length - offset), MpiLibrary.Double);
            }
        }
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> data)
    {
        RequireOpen();
        fixed (byte* start = data)
        {
            for (int offset = 0; offset < data.Length; offset += ChunkBytes)
            {
                int count = Math.Min(ChunkBytes, data.Length - offset);
                Check(_library.Bcast(start + offset, count, MpiLibrary.Byte, 0, MpiLibrary.World), "MPI_Bcast");
            }
        }
    }

    /// <inheritdoc/>
    public void Barrier()
    {
        RequireOpen();
        Check(_library.Barrier(MpiLibrary.World), "MPI_Barrier");
    }

    /// <inheritdoc/>
    public void Complete()
    {
        RequireOpen();
        Check(_library.Barrier(MpiLibrary.World), "MPI_Barrier");
        Check(_library.FinalizeAll(), "MPI_Finalize");
        _completed = true;
        AppDomain.CurrentDomain.ProcessExit -= EndOthers;
        AppDomain.CurrentDomain.UnhandledException -= ReportAndEndOthers;
    }

    /// <inheritdoc/>
    public void Dispose() => _disposed = true;

    /// <summary>What is wrong with how the processes were started; null if nothing is.</summary>
    /// <remarks>
    /// The launcher of another library starts processes that do not find each other: each would train alone and overwrite the others' files.
    /// </remarks>
    private static string? Launcher(int count)
    {
        foreach (string name in count > 1 ? [] : s_launcherCounts)
        {
            if (int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int started) && started > 1)
            {
                return $"The launcher started {started} processes ({name}), but MPICH did not connect them. Start them with MPICH's mpiexec "
                    + "(mpiexec.mpich on Debian), or with srun --mpi=pmi2.";
            }
        }

        return null;
    }

    private static void Check(int result, string function)
    {
        if (result != 0)
        {
            throw new IOException($"{function} failed with error {result}.");
        }
    }

    private void Sum(void* values, int count, int type) =>
        Check(_library.Allreduce(MpiLibrary.InPlace, values, count, type, MpiLibrary.Sum, MpiLibrary.World), "MPI_Allreduce");

    private void RequireOpen()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_completed)
        {
            throw new InvalidOperationException("The exchange was completed.");
        }
    }

    /// <summary>Ends all ranks, if this process did not complete the exchange. Does not return then.</summary>
    private void EndOthers(object? sender, EventArgs e)
    {
        if (!_completed)
        {
            // The launcher then kills all ranks. What they have just printed must have reached it by then.
            Thread.Sleep(s_beforeAbort);
            _library.Abort(MpiLibrary.World, Environment.ExitCode is > 0 and < 256 ? Environment.ExitCode : 1);
        }
    }

    /// <summary>The runtime would print the exception after this handler, which does not return.</summary>
    private void ReportAndEndOthers(object? sender, UnhandledExceptionEventArgs e)
    {
        Console.Error.WriteLine($"Unhandled exception of rank {Rank}: {e.ExceptionObject}");
        EndOthers(sender, e);
    }
}
