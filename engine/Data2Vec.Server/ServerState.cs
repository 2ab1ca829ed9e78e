namespace Data2Vec.Server;

/// <summary>The state of the models of a server, for the program that hosts it. It is a service.</summary>
public sealed class ServerState
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ServerState()
    {
    }

    /// <summary>Ends when all models are loaded, with the error of the first that cannot be.</summary>
    public Task Started => _started.Task;

    internal void Start() => _started.TrySetResult();

    internal void Fail(Exception error) => _started.TrySetException(error);
}
