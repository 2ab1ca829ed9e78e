namespace Data2Vec.Batching;

/// <summary>A call whose inputs wait for their turn, or run; all but its task belongs to the queue's lock.</summary>
internal sealed class Request<T>
{
    private readonly IReadOnlyList<ReadOnlyMemory<T>> _inputs;
    private readonly int[] _rows;
    private readonly float[][] _vectors;
    private readonly TaskCompletionSource<float[][]> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _rowsAtOnce;
    private long _rowsLeft;
    private int _taken;
    private int _done;

    public Request(IReadOnlyList<ReadOnlyMemory<T>> inputs, int[] rows, Output output, int rowsAtOnce)
    {
        (_inputs, _rows, Output, _rowsAtOnce) = (inputs, rows, output, rowsAtOnce);
        _vectors = new float[inputs.Count][];
        _rowsLeft = rows.Sum(count => (long)count);
        Node = new LinkedListNode<Request<T>>(this);
    }

    /// <summary>Requests with equal outputs may share a batch.</summary>
    public Output Output { get; }

    /// <summary>Its place among those that wait.</summary>
    public LinkedListNode<Request<T>> Node { get; }

    /// <summary>Rows of the inputs that no batch has taken, but no more than those of a batch: others wait for no more of them.</summary>
    public long RowsWaiting => Math.Min(_rowsLeft, _rowsAtOnce);

    /// <summary>Whether all inputs are in batches, or done.</summary>
    public bool IsTaken => _taken == _inputs.Count;

    /// <summary>Whether the batch that runs has some of the inputs.</summary>
    public bool IsRunning { get; set; }

    /// <summary>A vector for each input.</summary>
    public Task<float[][]> Result => _result.Task;

    /// <summary>Moves the next inputs into a batch, as many as fit into so many rows.</summary>
    /// <returns>Their rows.</returns>
    public int Take(int rows, List<ReadOnlyMemory<T>> batch)
    {
        int sum = 0;
        for (; _taken < _inputs.Count && (sum + _rows[_taken] <= rows || batch.Count == 0); _taken++)
        {
            sum += _rows[_taken];
            batch.Add(_inputs[_taken]);
        }

        _rowsLeft -= sum;
        return sum;
    }

    /// <summary>Takes its vectors from those of a batch, from the one at <paramref name="place"/>.</summary>
    public void Receive(float[][] vectors, ref int place)
    {
        for (; _done < _taken; _done++)
        {
            _vectors[_done] = vectors[place++];
        }

        if (_done == _vectors.Length)
        {
            _result.TrySetResult(_vectors);
        }
    }

    public void Fail(Exception error) => _result.TrySetException(error);

    public void Cancel(CancellationToken cancellation) => _result.TrySetCanceled(cancellation);
}
