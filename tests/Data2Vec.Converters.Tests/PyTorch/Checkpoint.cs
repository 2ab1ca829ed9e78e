using System.Buffers.Binary;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.PyTorch;

/// <summary>Puts bytes into a file that the reader can open.</summary>
internal sealed class Checkpoint : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"data2vec-{Guid.NewGuid():N}.pt");

    private Checkpoint(byte[] bytes)
    {
        System.IO.File.WriteAllBytes(_path, bytes);
        try
        {
            File = PyTorchFile.Open(_path);
        }
        catch
        {
            System.IO.File.Delete(_path);
            throw;
        }
    }

    public PyTorchFile File { get; }

    public object? Root => File.Root;

    public PyTorchTensor Tensor => Assert.IsType<PyTorchTensor>(Root);

    /// <summary>The four floats 0, 1, 2, 3, the storage of most tests.</summary>
    public static byte[] FourFloats { get; } = Bytes(0, 1, 2, 3);

    public static Checkpoint Open(byte[] file) => new(file);

    /// <summary>Opens a zip checkpoint of a pickle and the storage "0".</summary>
    public static Checkpoint Open(byte[] pickle, byte[]? storage) => new(Zip(pickle, storage));

    public static object? Load(byte[] pickle)
    {
        using Checkpoint checkpoint = Open(pickle, FourFloats);
        return checkpoint.Root;
    }

    /// <summary>Asserts that a file is refused and returns why.</summary>
    public static string Refuse(byte[] file)
    {
        string message = Assert.Throws<InvalidDataException>(() => Open(file).Dispose()).Message;
        Assert.StartsWith("data2vec-", message, StringComparison.Ordinal);
        return message;
    }

    /// <summary>Asserts that a pickle is refused and returns why.</summary>
    public static string RefusePickle(byte[] pickle, byte[]? storage = null) => Refuse(Zip(pickle, storage ?? FourFloats));

    public static byte[] Zip(byte[] pickle, byte[]? storage = null)
    {
        ZipBuilder zip = new ZipBuilder().Add("archive/data.pkl", pickle);
        if (storage is not null)
        {
            zip.Add("archive/data/0", storage);
        }

        return zip.ToArray();
    }

    public static byte[] Bytes(params float[] values)
    {
        byte[] bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        }

        return bytes;
    }

    public static float[] ReadAll(CheckpointTensor tensor)
    {
        float[] values = new float[tensor.Count];
        tensor.Read(0, values);
        return values;
    }

    public void Dispose()
    {
        File.Dispose();
        System.IO.File.Delete(_path);
    }
}
