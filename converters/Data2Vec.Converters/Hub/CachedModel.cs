namespace Data2Vec.Converters.Hub;

/// <summary>A model file in the cache.</summary>
/// <param name="Name">The name of the model, as <see cref="ModelStore.PullAsync"/> takes it.</param>
/// <param name="Commit">The commit of the repository that the file was made from.</param>
/// <param name="Type">The number format of the weights.</param>
/// <param name="Path">The path of the file.</param>
public sealed record CachedModel(string Name, string Commit, ElementType Type, string Path)
{
    private const string Extension = ".d2v";

    /// <summary>The size of the file in bytes.</summary>
    public long Bytes => new FileInfo(Path).Length;

    /// <summary>The model files in the folder of one model, newest first.</summary>
    internal static IEnumerable<CachedModel> In(string name, RepositoryCache cache)
    {
        var folder = new DirectoryInfo(cache.ModelFolder);
        return !folder.Exists ? [] :
            from commit in folder.EnumerateDirectories()
            from file in commit.EnumerateFiles($"*{Extension}")
            let type = TypeOf(file.Name)
            where type is not null
            orderby file.LastWriteTimeUtc descending
            select new CachedModel(name, commit.Name, type.Value, file.FullName);
    }

    /// <summary>The name of a model file: the number format, and what distinguishes files of equal format.</summary>
    internal static string FileName(ElementType type, string digest) => $"{type.ToString().ToLowerInvariant()}-{digest}{Extension}";

    private static ElementType? TypeOf(string fileName) => Enum.TryParse(fileName.Split('-')[0], ignoreCase: true, out ElementType type) ? type : null;
}
