using Data2Vec.Kernels;

namespace Data2Vec.Converters.Hub;

/// <summary>A model as its publisher offers it, and its place in the cache.</summary>
internal abstract class ModelSource(RepositoryCache cache, string revision)
{
    /// <summary>Its folder in the cache.</summary>
    public RepositoryCache Cache { get; } = cache;

    /// <summary>Which version is wanted.</summary>
    public string Revision { get; } = revision;

    /// <summary>What messages call it.</summary>
    public abstract string Title { get; }

    /// <summary>Asks the server which commit the revision is, and which of its files are needed.</summary>
    /// <exception cref="HttpRequestException">The server is not there, or refuses.</exception>
    /// <exception cref="InvalidDataException">The answer cannot be used, or it is no model that can be converted.</exception>
    public abstract Task<(string Commit, IReadOnlyList<string> Files)> ResolveAsync(HubRequests requests);

    /// <summary>Asks the server about a file.</summary>
    public abstract Task<RemoteFile> DescribeAsync(HubRequests requests, string commit, string file);

    /// <summary>Files of which only those that are there tell that they are needed too.</summary>
    public virtual IReadOnlyList<string> FurtherFiles(string snapshot) => [];

    /// <summary>The files of a folder that a model file is made from, or null where one is missing.</summary>
    public abstract IReadOnlyList<string>? FindFiles(string snapshot);

    /// <summary>What is converted.</summary>
    public abstract string CheckpointIn(string snapshot);

    /// <summary>How it is converted.</summary>
    public abstract ConversionOptions ConversionIn(string snapshot, ElementType type);
}
