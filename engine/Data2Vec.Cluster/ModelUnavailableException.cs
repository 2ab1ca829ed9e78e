namespace Data2Vec.Cluster;

/// <summary>No node of the cluster has a model now. The same call may succeed later.</summary>
public sealed class ModelUnavailableException : Exception
{
    /// <summary>An exception with a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="innerException">The reason.</param>
    public ModelUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
