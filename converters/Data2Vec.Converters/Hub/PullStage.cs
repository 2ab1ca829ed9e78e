namespace Data2Vec.Converters.Hub;

/// <summary>What is going on in a pull.</summary>
public enum PullStage
{
    /// <summary>A file is being downloaded, counted in bytes.</summary>
    Downloading,

    /// <summary>An attempt failed; the next begins after some seconds.</summary>
    Waiting,

    /// <summary>The server cannot say what there is, so that the copy in the cache is used.</summary>
    Unreachable,

    /// <summary>The model file is being written, counted in tensors.</summary>
    Converting,
}
