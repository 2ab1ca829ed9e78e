namespace Data2Vec.Extensions.AI.Tests;

/// <summary>A folder that goes with the test.</summary>
internal sealed class Folder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("data2vec-");

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);

    public string File(string name) => System.IO.Path.Combine(_folder.FullName, name);

    /// <summary>A bundled model as a file.</summary>
    public static void Write(string model, string path)
    {
        using Stream resource = typeof(BundledModels).Assembly.GetManifestResourceStream(model)!;
        using FileStream file = System.IO.File.Create(path);
        resource.CopyTo(file);
    }
}
