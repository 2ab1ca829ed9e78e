using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.Tests.Safetensors;

/// <summary>A folder for the files of a test.</summary>
internal sealed class Folder : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("data2vec-");

    public string Add(string name, byte[] bytes)
    {
        string path = Path.Combine(_directory.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>Asserts that a file is refused, and returns why without the file's name.</summary>
    public static string Refuse(byte[] bytes)
    {
        using var folder = new Folder();
        string path = folder.Add("model.safetensors", bytes);
        string message = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path).Dispose()).Message;
        Assert.StartsWith("model.safetensors: ", message, StringComparison.Ordinal);
        return message["model.safetensors: ".Length..];
    }

    public static float[] Numbers(CheckpointTensor tensor)
    {
        float[] numbers = new float[tensor.Count];
        tensor.Read(0, numbers);
        return numbers;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
