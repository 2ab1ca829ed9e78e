using System.Text.Json.Nodes;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>What tests of Hugging Face folders have in common: a copy of a fixture whose files a test changes.</summary>
public abstract class FolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("data2vec-").FullName;

    /// <param name="fixture">The folder to copy, relative to the fixtures; null for an empty one.</param>
    protected FolderTests(string? fixture)
    {
        Directory.CreateDirectory(Model);
        if (fixture is not null)
        {
            Copy(fixture);
        }
    }

    /// <summary>The folder of the model.</summary>
    protected string Model => Path.Combine(_root, "model");

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string PathOf(string name) => Path.Combine(Model, name);

    /// <summary>Copies a fixture into the folder of the model, over the files that are there.</summary>
    protected void Copy(string fixture)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Fixtures", fixture);
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string target = PathOf(Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    protected void Delete(string name) => File.Delete(PathOf(name));

    /// <summary>Writes a file.</summary>
    protected void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), content);
    }

    /// <summary>Changes a JSON file, which is created if it does not exist.</summary>
    protected void Edit(string name, Action<JsonObject> change)
    {
        JsonObject json = File.Exists(PathOf(name)) ? JsonNode.Parse(File.ReadAllText(PathOf(name)))!.AsObject() : [];
        change(json);
        Write(name, json.ToJsonString());
    }

    /// <summary>Converts the folder, or a file or folder in it.</summary>
    protected (TModel Model, IReadOnlyList<string> Warnings) Convert<TModel>(string? checkpoint = null, ConversionOptions? options = null)
        where TModel : Data2VecModel
    {
        string file = Path.Combine(_root, $"{Guid.NewGuid():N}.d2v");
        ConversionResult result = CheckpointConverter.Convert(checkpoint is null ? Model : PathOf(checkpoint), file, options);
        return (Data2VecModel.Load<TModel>(file, new ModelOptions { Threads = 1 }), result.Warnings);
    }

    /// <summary>Converts, and requires that nothing is left out.</summary>
    protected TModel Load<TModel>(string? checkpoint = null)
        where TModel : Data2VecModel
    {
        (TModel model, IReadOnlyList<string> warnings) = Convert<TModel>(checkpoint);
        Assert.Empty(warnings);
        return model;
    }

    /// <summary>Asserts that the folder is refused for a reason.</summary>
    protected void Refuse(string reason)
    {
        string message = Assert.Throws<InvalidDataException>(() => CheckpointConverter.Convert(Model, Path.Combine(_root, "refused.d2v"))).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }
}
