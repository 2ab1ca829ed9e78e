using System.Runtime.InteropServices;
using Data2Vec.IO;

namespace Data2Vec.Cli;

/// <summary>
/// One numpy array: <c>[inputs, features]</c>, or <c>[rows, features]</c> of a single input that is not pooled, with an axis of layers before it if there are
/// several. The header needs the number of inputs, so the vectors go to a temporary file first.
/// </summary>
internal sealed class NpyEmbeddingWriter(Stream stream, bool pooled, bool layered) : TableEmbeddingWriter
{
    private readonly FileStream _vectors = new(
        Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);

    private EmbeddingRecord[]? _first;
    private long _inputs;

    public override void Write(EmbeddingRecord[] records)
    {
        if (!pooled && _inputs > 0)
        {
            throw new UsageException("--pool none --format npy takes exactly one input");
        }

        _first ??= records;
        _inputs++;
        foreach (EmbeddingRecord record in records)
        {
            _vectors.Write(MemoryMarshal.AsBytes<float>(record.Values));
        }
    }

    public override void Dispose()
    {
        using (_vectors)
        {
            if (_first is not { } first)
            {
                return;
            }

            long rows = pooled ? _inputs : first[0].Rows;
            NpyFile.WriteHeader(stream, layered ? [first.Length, rows, first[0].Dimensions] : [rows, first[0].Dimensions]);

            // The layer is the first axis of the array, but changes fastest in the temporary file.
            byte[] vectors = new byte[first[0].Values.Length * sizeof(float)];
            for (int layer = 0; layer < first.Length; layer++)
            {
                for (long input = 0; input < _inputs; input++)
                {
                    _vectors.Position = ((input * first.Length) + layer) * vectors.Length;
                    _vectors.ReadExactly(vectors);
                    stream.Write(vectors);
                }
            }
        }
    }
}
