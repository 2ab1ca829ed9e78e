namespace Data2Vec.Corpus;

/// <summary>Makes a plan in a folder of its own, which takes its place when it is complete.</summary>
internal sealed class PlanFolder : IDisposable
{
    private readonly JobFolder _job;

    public PlanFolder(JobFolder job)
    {
        _job = job;
        Files = new PlanFiles(Directory.CreateDirectory(Path.Combine(job.Path, $"plan-{Path.GetRandomFileName()}")).FullName);
    }

    /// <summary>The files of the plan.</summary>
    public PlanFiles Files { get; }

    /// <summary>Lists the inputs of sources.</summary>
    /// <exception cref="InvalidDataException">There are none, or two have the same id.</exception>
    public PlanSummary Write(IReadOnlyList<CorpusSource> sources, SourceContext context, int rowsPerShard, IProgress<long>? progress)
    {
        const int RowsPerReport = 1 << 14;
        using var writer = new PlanWriter(Files, rowsPerShard);
        foreach (PlannedInput input in sources.SelectMany(source => source.Read(context)))
        {
            writer.Add(input);
            if (writer.Rows % RowsPerReport == 0)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                progress?.Report(writer.Rows);
            }
        }

        progress?.Report(writer.Rows);
        return writer.Rows > 0 ? writer.Complete() : throw new InvalidDataException("there are no inputs");
    }

    /// <summary>Puts the plan into its place. What a process left there that was killed before its job existed is replaced.</summary>
    public void Commit()
    {
        string place = _job.Plan.Folder;
        if (Directory.Exists(place))
        {
            Directory.Delete(place, recursive: true);
        }

        Directory.Move(Files.Folder, place);
    }

    public void Dispose()
    {
        if (Directory.Exists(Files.Folder))
        {
            Directory.Delete(Files.Folder, recursive: true);
        }
    }
}
