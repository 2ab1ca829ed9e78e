using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Data2Vec.Corpus;

/// <summary>What a plan has.</summary>
/// <param name="Rows">The number of rows.</param>
/// <param name="Digest">The SHA-256 of all rows.</param>
/// <param name="HasReferences">Whether a row has a class or transcript.</param>
internal sealed record PlanSummary(long Rows, string Digest, bool HasReferences);

/// <summary>Writes the rows of a corpus, and where each shard begins. The memory does not depend on their number.</summary>
internal sealed class PlanWriter : IDisposable
{
    private readonly PlanFiles _files;
    private readonly int _rowsPerShard;
    private readonly FileStream _inputs, _index;
    private readonly BinaryWriter _writer;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly MemoryStream _buffer = new();
    private readonly IdCheck _ids;
    private long _rows;
    private bool _hasReferences;

    public PlanWriter(PlanFiles files, int rowsPerShard)
    {
        (_files, _rowsPerShard) = (files, rowsPerShard);
        _inputs = new FileStream(files.Inputs, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        _index = new FileStream(files.Index, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 14);
        _writer = new BinaryWriter(_buffer, PlanRecord.Encoding);
        _ids = new IdCheck(Path.Combine(files.Folder, "ids.tmp"));
        _inputs.Write(PlanFiles.Magic);
    }

    /// <summary>The number of rows so far.</summary>
    public long Rows => _rows;

    public void Add(PlannedInput input)
    {
        if (_rows % _rowsPerShard == 0)
        {
            Span<byte> position = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(position, _inputs.Position);
            _index.Write(position);
        }

        _buffer.SetLength(0);
        PlanRecord.Write(_writer, input);
        ReadOnlySpan<byte> record = _buffer.GetBuffer().AsSpan(0, (int)_buffer.Length);
        _inputs.Write(record);
        _hash.AppendData(record);
        _ids.Add(input.Id);
        _hasReferences |= input.Reference is not null;
        _rows++;
    }

    /// <summary>Ends the plan.</summary>
    /// <exception cref="InvalidDataException">Two rows have the same id.</exception>
    public PlanSummary Complete()
    {
        _inputs.Flush(flushToDisk: true);
        _index.Flush(flushToDisk: true);
        Dispose();
        if (_ids.FindTwice() is (long first, long second))
        {
            var reader = new PlanReader(_files, _rowsPerShard, _rows);
            PlannedInput one = reader.Read(first), other = reader.Read(second);
            if (one.Id == other.Id)
            {
                string places = one.Source == other.Source ? "" : $" ({one.Source} and {other.Source})";
                throw new InvalidDataException($"{one.Id}: two inputs have this id{places}; give each input once, with an id of its own");
            }
        }

        return new PlanSummary(_rows, Convert.ToHexStringLower(_hash.GetHashAndReset()), _hasReferences);
    }

    public void Dispose()
    {
        _inputs.Dispose();
        _index.Dispose();
        _ids.Dispose();
    }
}
