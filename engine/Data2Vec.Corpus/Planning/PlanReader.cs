using System.Buffers.Binary;

namespace Data2Vec.Corpus;

/// <summary>Reads the rows of any shard without those before it.</summary>
/// <param name="files">The files of the plan.</param>
/// <param name="rowsPerShard">The rows of a shard; the last may have fewer.</param>
/// <param name="rows">The rows of all shards.</param>
internal sealed class PlanReader(PlanFiles files, int rowsPerShard, long rows)
{
    /// <summary>The rows of a shard, as the caller asks for them.</summary>
    /// <exception cref="InvalidDataException">The plan is damaged.</exception>
    public IEnumerable<PlannedInput> Read(Shard shard)
    {
        using var stream = new FileStream(files.Inputs, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        stream.Position = Begin(shard.Number);
        using var reader = new BinaryReader(stream, PlanRecord.Encoding);
        for (int i = 0; i < shard.Rows; i++)
        {
            PlannedInput input;
            try
            {
                input = PlanRecord.Read(reader);
            }
            catch (Exception error) when (error is EndOfStreamException or FormatException)
            {
                throw Damaged(error);
            }

            yield return input;
        }
    }

    /// <summary>A single row.</summary>
    public PlannedInput Read(long row)
    {
        int number = (int)(row / rowsPerShard);
        long first = (long)number * rowsPerShard;
        return Read(new Shard(number, first, (int)Math.Min(rowsPerShard, rows - first))).ElementAt((int)(row - first));
    }

    private long Begin(int shard)
    {
        using var stream = new FileStream(files.Index, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        Span<byte> position = stackalloc byte[sizeof(long)];
        stream.Position = (long)shard * sizeof(long);
        if (stream.ReadAtLeast(position, position.Length, throwOnEndOfStream: false) < position.Length)
        {
            throw Damaged(null);
        }

        return BinaryPrimitives.ReadInt64LittleEndian(position) is >= 0 and var at ? at : throw Damaged(null);
    }

    private InvalidDataException Damaged(Exception? error) =>
        new($"{files.Folder}: the list of inputs is damaged; delete the output folder, and start the job again", error);
}
