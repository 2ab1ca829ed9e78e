using System.Globalization;
using System.IO.Compression;

namespace Data2Vec.Converters.Exports;

/// <summary>Writes files as <c>torch.save</c> does since PyTorch 1.6.</summary>
internal static class TorchWriter
{
    /// <summary>Writes a value with its tensors.</summary>
    public static void Write(string path, object? root)
    {
        (byte[] pickle, IReadOnlyList<TorchTensor> storages) = PickleWriter.Write(root);
        NewFile.Write(path, stream =>
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            Add(zip, "data.pkl", entry => entry.Write(pickle));
            foreach ((int index, TorchTensor tensor) in storages.Index())
            {
                Add(zip, string.Create(CultureInfo.InvariantCulture, $"data/{index}"), tensor.Write);
            }

            Add(zip, "version", entry => entry.Write("3\n"u8));
        });
    }

    private static void Add(ZipArchive zip, string name, Action<Stream> write)
    {
        ZipArchiveEntry file = zip.CreateEntry($"archive/{name}", CompressionLevel.NoCompression);
        file.LastWriteTime = DateTimeOffset.UnixEpoch.AddYears(10); // Equal models give equal bytes.
        using Stream entry = file.Open();
        write(entry);
    }
}
