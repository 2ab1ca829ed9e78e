namespace Data2Vec.Converters.Hub;

/// <summary>A published model and its place in the cache.</summary>
internal abstract class ModelSource(RepositoryCache cache, string revision)
{
    /// <summary>Its folder in the cache.</summary>
    public RepositoryCache Cache { get; } = cache;

    /// <summary>The requested version.</summary>
    public string Revision { get; } = revision;

    /// <summary>The name in messages.</summary>
    public abstract string Title { get; }

    /// <summary>Asks the server for the commit of the revision and the files that are needed.</summary>
    /// <exception cref="HttpRequestException">The server is not there, or refuses.</exception>
    /// <exception cref="InvalidDataException">The answer cannot be used, or it is no model that can be converted.</exception>
    public abstract Task<(string Commit, IReadOnlyList<string> Files)> ResolveAsync(HubRequests requests);

    /// <summary>Asks the server about a file.</summary>
    public abstract Task<RemoteFile> DescribeAsync(HubRequests requests, string commit, string file);

    /// <summary>Further files that downloaded files refer to.</summary>
    public virtual IReadOnlyList<string> FurtherFiles(string snapshot) => [];

    /// <summary>The files of a folder that a model file is made from, or null if one is missing.</summary>
    public abstract IReadOnlyList<string>? FindFiles(string snapshot);

    /// <summary>The checkpoint to convert.</summary>
    public abstract string CheckpointIn(string snapshot);

    /// <summary>The options of the conversion.</summary>
    public abstract ConversionOptions ConversionIn(string snapshot, ElementType type);
}
