using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Data2Vec.Converters.PyTorch;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>A folder with a checkpoint that fairseq wrote, possibly changed, and the model file that it becomes.</summary>
internal sealed class Conversion : IDisposable
{
    public const string Pretrained = "audio_tiny_fp16.pt";
    public const string FineTuned = "audio_tiny_ctc.pt";

    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;
    private readonly string _checkpoint;

    public Conversion(string fixture, Func<byte[], byte[]>? change = null)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Fixtures", "audio", fixture);
        _checkpoint = Path.Combine(_folder, fixture);
        if (change is null)
        {
            File.Copy(source, _checkpoint);
        }
        else
        {
            Rewrite(source, _checkpoint, change);
        }
    }

    public string Output => Path.Combine(_folder, "model.d2v");

    public ConversionResult Run(ConversionOptions? options = null, IProgress<ConversionProgress>? progress = null) =>
        CheckpointConverter.Convert(_checkpoint, Output, options, progress);

    /// <summary>Asserts that the checkpoint is refused, that nothing is left in the folder, and returns why.</summary>
    public string Refuse(ConversionOptions? options = null)
    {
        string[] before = Directory.GetFiles(_folder);
        string message = Assert.Throws<InvalidDataException>(() => Run(options)).Message;
        Assert.Equal(before.Order(), Directory.GetFiles(_folder).Order());
        return message;
    }

    public string WriteDictionary(string text)
    {
        string path = Path.Combine(_folder, "dict.ltr.txt");
        File.WriteAllText(path, text);
        return path;
    }

    public D2vFile Open() => D2vFile.Open(Output);

    /// <summary>A tensor of the model file.</summary>
    public float[] Converted(string name)
    {
        using D2vFile file = Open();
        float[] values = new float[file.Tensor(name).Count];
        file.Read(file.Tensor(name), values);
        return values;
    }

    /// <summary>A tensor of the checkpoint; a slash leads into a dictionary.</summary>
    public float[] Source(string name)
    {
        using PyTorchFile file = PyTorchFile.Open(_checkpoint);
        object? value = Assert.IsType<PickleDictionary>(file.Root)["model"];
        foreach (string key in name.Split('/'))
        {
            value = Assert.IsType<PickleDictionary>(value)[key];
        }

        PyTorchTensor tensor = PyTorchTensor.Require(value, name);
        float[] values = new float[tensor.Count];
        tensor.Read(0, values);
        return values;
    }

    /// <summary>Puts one string of a pickle in the place of another wherever that stands alone.</summary>
    public static Func<byte[], byte[]> Replace(string from, string to) => pickle =>
    {
        byte[] wanted = Text(from);
        byte[] other = Text(to);
        var result = new List<byte>();
        int start = 0;
        for (int at; (at = pickle.AsSpan(start).IndexOf(wanted)) >= 0; start += at + wanted.Length)
        {
            result.AddRange(pickle.AsSpan(start, at));
            result.AddRange(other);
        }

        Assert.NotEqual(0, start);
        result.AddRange(pickle.AsSpan(start));
        return [.. result];
    };

    /// <summary>Puts something in the place of the truth value that first follows a key.</summary>
    public static Func<byte[], byte[]> SetBoolean(string key, bool value) => pickle =>
    {
        const byte NewTrue = 0x88;
        const byte NewFalse = 0x89;
        int at = pickle.AsSpan().IndexOf(Text(key));
        Assert.True(at >= 0, key);
        at += Text(key).Length;
        int offset = pickle.AsSpan(at, 8).IndexOf(value ? NewFalse : NewTrue);
        Assert.True(offset >= 0, key);
        pickle[at + offset] = value ? NewTrue : NewFalse;
        return pickle;
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Text(string text)
    {
        byte[] bytes = new byte[5 + text.Length];
        bytes[0] = (byte)'X';
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), text.Length);
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(5));
        return bytes;
    }

    private static void Rewrite(string source, string target, Func<byte[], byte[]> change)
    {
        using ZipArchive from = ZipFile.OpenRead(source);
        using ZipArchive to = ZipFile.Open(target, ZipArchiveMode.Create);
        foreach (ZipArchiveEntry entry in from.Entries)
        {
            using var memory = new MemoryStream();
            using (Stream input = entry.Open())
            {
                input.CopyTo(memory);
            }

            byte[] bytes = memory.ToArray();
            using Stream output = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
            output.Write(entry.Name == "data.pkl" ? change(bytes) : bytes);
        }
    }
}
