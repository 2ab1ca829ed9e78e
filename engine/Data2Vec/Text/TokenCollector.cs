namespace Data2Vec.Text;

/// <summary>Receives the tokens of a text, stops when there are enough, and checks for cancellation.</summary>
/// <param name="ids">Receives the ids.</param>
/// <param name="most">The number of new ids from which on no more are wanted. A few more may be added.</param>
/// <param name="cancellation">Ends the work.</param>
internal sealed class TokenCollector(List<int> ids, int most, CancellationToken cancellation)
{
    private const int StepsPerCheck = 4096;

    private readonly int _first = ids.Count;
    private int _steps;

    public List<int> Ids => ids;

    public bool IsFull => ids.Count - _first >= most;

    /// <summary>Checks for cancellation once in a while. To be called for each small step.</summary>
    public void Step()
    {
        if (++_steps % StepsPerCheck == 0)
        {
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Checks for cancellation.</summary>
    public void Check() => cancellation.ThrowIfCancellationRequested();
}
