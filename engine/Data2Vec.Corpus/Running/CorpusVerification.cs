using System.Globalization;
using System.Security.Cryptography;

namespace Data2Vec.Corpus;

/// <summary>Whether the shards of a job are what they should be.</summary>
/// <param name="Checked">The shards that were checked: those that are done.</param>
/// <param name="Missing">The number of shards that are not done.</param>
/// <param name="Problems">A sentence for each shard that is not right. Delete its file and run the job again.</param>
public sealed record CorpusVerification(int Checked, int Missing, IReadOnlyList<string> Problems)
{
    /// <summary>Reads all shards that are done, and compares them with the list of inputs and with their digests.</summary>
    /// <param name="job">The job.</param>
    /// <param name="progress">Receives the number of shards that were checked.</param>
    /// <param name="cancellationToken">Checked before each shard.</param>
    public static async Task<CorpusVerification> VerifyAsync(CorpusJob job, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        var problems = new List<string>();
        IReadOnlySet<int> done = job.ReadDone();
        int count = 0;
        foreach (int number in done.Order())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (await CheckAsync(job, job.ShardAt(number)).ConfigureAwait(false) is { } problem)
                {
                    problems.Add($"{Path.GetFileName(job.Files.Shard(number))}: {problem}");
                }
            }
            catch (InvalidDataException error)
            {
                problems.Add(error.Message.Replace(job.Files.Shard(number), Path.GetFileName(job.Files.Shard(number)), StringComparison.Ordinal));
            }

            count++;
            progress?.Report(count);
        }

        return new CorpusVerification(count, job.Shards - count, problems);
    }

    private static async Task<string?> CheckAsync(CorpusJob job, Shard shard)
    {
        string path = job.Files.Shard(shard.Number);
        ShardContent content = await ShardFile.ReadAsync(path).ConfigureAwait(false);
        if (content.Facts.GetValueOrDefault(ShardWriter.JobFact) != job.Digest)
        {
            return "the file is from another job";
        }

        if (content.Rows.Count != shard.Rows)
        {
            return string.Create(CultureInfo.InvariantCulture, $"the file has {content.Rows.Count} rows, and should have {shard.Rows}");
        }

        int row = 0;
        foreach (PlannedInput input in job.Plan.Read(shard))
        {
            if (content.Rows[row].Id != input.Id)
            {
                return string.Create(CultureInfo.InvariantCulture, $"row {row} has the id {content.Rows[row].Id}, and should have {input.Id}");
            }

            row++;
        }

        if (content.Rows.FirstOrDefault(values => values.Error is null && values.Values!.All(value => value is null)) is { } empty)
        {
            return $"{empty.Id} has neither a result nor an error";
        }

        if (ShardReport.Read(job.Files.Report(shard.Number)) is { } report)
        {
            FileStream stream = File.OpenRead(path);
            await using (stream.ConfigureAwait(false))
            {
                string digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream).ConfigureAwait(false));
                return digest == report.Sha256 ? null : "the file has changed since it was written: its SHA-256 differs";
            }
        }

        return null;
    }
}
