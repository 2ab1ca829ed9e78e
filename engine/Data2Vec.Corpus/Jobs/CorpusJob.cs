using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Data2Vec.Corpus;

/// <summary>
/// A task for many inputs, whose results are Parquet files in an output folder. Each is a shard: the results of consecutive inputs. A job is created once; any
/// number of workers open it, on any number of machines that see the folder and the inputs.
/// </summary>
public sealed class CorpusJob
{
    private readonly JobPlaces _places;

    private CorpusJob(JobFolder files, JobIdentity identity, JobPlaces places)
    {
        (Files, Identity, _places) = (files, identity, places);
        Plan = new PlanReader(files.Plan, identity.RowsPerShard, identity.Rows);
        Task = TaskReader.Read(identity.Task, places.Model, identity.Options);
    }

    /// <summary>The output folder.</summary>
    public string Folder => Files.Path;

    /// <summary>What is computed.</summary>
    public CorpusTask Task { get; }

    /// <summary>The number of inputs.</summary>
    public long Rows => Identity.Rows;

    /// <summary>The number of shards.</summary>
    public int Shards => (int)(((Rows - 1) / Identity.RowsPerShard) + 1);

    internal JobFolder Files { get; }

    internal JobIdentity Identity { get; }

    internal PlanReader Plan { get; }

    internal string BaseFolder => _places.BaseFolder;

    /// <summary>The inputs that the model takes.</summary>
    internal Modality Modality => Identity.Modality;

    /// <summary>The SHA-256 of what the job is, in hexadecimal: the same on all machines, and another one for each other job.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(PlanRecord.Encoding.GetBytes(Identity.ToString())));

    /// <summary>Creates a job: lists its inputs, and writes what it is into the output folder. If the folder has this job already, opens it.</summary>
    /// <param name="folder">The output folder, which is made if it does not exist.</param>
    /// <param name="task">What is computed.</param>
    /// <param name="sources">The inputs. Relative paths begin at the current folder.</param>
    /// <param name="options">How the job is cut into shards.</param>
    /// <param name="progress">Receives the number of inputs that were listed.</param>
    /// <param name="cancellationToken">Ends the work. There is no job then.</param>
    /// <exception cref="InvalidDataException">
    /// The folder has another job; there are no inputs; two inputs have the same id; or the task cannot use the model. The message says what differs.
    /// </exception>
    /// <exception cref="IOException">A source, the model or the folder cannot be used.</exception>
    public static CorpusJob Create(
        string folder, CorpusTask task, IReadOnlyList<CorpusSource> sources, CorpusJobOptions? options = null, IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(sources);
        string model = Path.GetFullPath(task.ModelPath);
        string digest;
        Modality modality;
        using (D2vFile file = D2vFile.Open(task.ModelPath, verify: false))
        {
            (digest, modality) = (file.ComputeDigest(), task.ModalityOf(file));
        }

        int rowsPerShard = options?.RowsPerShard ?? (modality == Modality.Text ? CorpusJobOptions.Texts : CorpusJobOptions.Files);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerShard, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowsPerShard, CorpusJobOptions.MaxRowsPerShard, nameof(options));
        var files = new JobFolder(Path.GetFullPath(folder));
        JobIdentity? earlier = Directory.Exists(files.Path) ? ReadIdentity(files, folder) : null;
        if (earlier is not null && options?.RowsPerShard is null)
        {
            rowsPerShard = earlier.RowsPerShard;
        }

        Directory.CreateDirectory(files.Path);
        WholeFile.Sweep(files.Path);
        var places = new JobPlaces(model, Directory.GetCurrentDirectory());
        using var planning = new PlanFolder(files);
        PlanSummary plan = planning.Write(sources, new SourceContext(places.BaseFolder, modality, cancellationToken), rowsPerShard, progress);
        places.Write(planning.Files.Places);
        var identity = new JobIdentity(task.Name, task.ToJson(), digest, modality, plan.Rows, plan.Digest, rowsPerShard) { HasReferences = plan.HasReferences };
        identity = JobIdentity.Parse(identity.ToString());
        using FileStream exclusive = files.Lock();
        if (ReadIdentity(files, folder) is { } other)
        {
            string[] differences = [.. identity.DifferencesFrom(other)];
            return differences.Length == 0
                ? new CorpusJob(files, other, places)
                : throw new InvalidDataException(
                    $"{folder}: this folder has the results of another job: {string.Join("; ", differences)}. Give another folder, or the same job");
        }

        planning.Commit();
        WholeFile.Write(files.Job, stream => stream.Write(PlanRecord.Encoding.GetBytes(identity.ToString())));
        return new CorpusJob(files, identity, places);
    }

    /// <summary>Opens the job of an output folder.</summary>
    /// <param name="folder">The output folder.</param>
    /// <exception cref="InvalidDataException">What the folder says about the job is damaged.</exception>
    /// <exception cref="IOException">There is no job in the folder.</exception>
    public static CorpusJob Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var files = new JobFolder(Path.GetFullPath(folder));
        JobIdentity identity = ReadIdentity(files, folder) ?? throw new IOException(
            Directory.Exists(files.Path) ? $"{folder}: there is no job in this folder" : $"{folder}: no such folder");
        return new CorpusJob(files, identity, JobPlaces.Read(files.Plan.Places));
    }

    /// <summary>A shard by its number.</summary>
    /// <param name="number">The number, from 0.</param>
    public Shard ShardAt(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, Shards);
        long first = (long)number * Identity.RowsPerShard;
        return new Shard(number, first, (int)Math.Min(Identity.RowsPerShard, Rows - first));
    }

    /// <summary>The file of a shard's results. The shard is done when it exists.</summary>
    /// <param name="number">The number of the shard.</param>
    public string ShardPath(int number) => Files.Shard(ShardAt(number).Number);

    /// <summary>Whether a shard is done.</summary>
    /// <param name="number">The number of the shard.</param>
    public bool IsDone(int number) => File.Exists(ShardPath(number));

    /// <summary>The numbers of the shards that are done, from one look into the folder.</summary>
    public IReadOnlySet<int> ReadDone()
    {
        HashSet<int> done = Files.Done();
        done.RemoveWhere(number => number >= Shards);
        return done;
    }

    /// <summary>The number of errors of each kind in a shard that is done.</summary>
    internal IReadOnlyDictionary<string, int> CountErrors(int number) =>
        ShardReport.Read(Files.Report(number))?.Errors ?? ShardFile.CountErrorsAsync(Files.Shard(number)).GetAwaiter().GetResult();

    /// <summary>Reads the results of the shards that are done, in the order of the inputs. One shard is in memory at a time.</summary>
    /// <param name="cancellationToken">Checked before each shard.</param>
    /// <exception cref="InvalidDataException">A shard is damaged.</exception>
    public IAsyncEnumerable<CorpusRow> ReadRowsAsync(CancellationToken cancellationToken = default) => ReadRowsAsync(ReadDone(), cancellationToken);

    /// <summary>Reads the results of some of the shards that are done, in the order of the inputs.</summary>
    internal async IAsyncEnumerable<CorpusRow> ReadRowsAsync(IReadOnlySet<int> shards, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (int number in shards.Order())
        {
            cancellationToken.ThrowIfCancellationRequested();
            ShardContent shard = await ShardFile.ReadAsync(Files.Shard(number)).ConfigureAwait(false);
            foreach (ShardRow row in shard.Rows)
            {
                yield return new CorpusRow(row, shard.Columns);
            }
        }
    }

    private static JobIdentity? ReadIdentity(JobFolder files, string folder)
    {
        try
        {
            return File.Exists(files.Job) ? JobIdentity.Parse(File.ReadAllText(files.Job)) : null;
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{folder}: {error.Message}", error);
        }
    }
}
