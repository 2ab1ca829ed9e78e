using System.Diagnostics;

namespace Data2Vec.Batching;

/// <summary>What is computed for an input. Inputs with equal outputs may share a batch.</summary>
internal readonly record struct Output(int? Layer, Pooling Pooling)
{
    /// <summary>The scores of the model's head.</summary>
    public static Output Scores => new(null, Pooling.None) { IsScores = true };

    /// <summary>Whether the head's scores are computed instead of vectors.</summary>
    public bool IsScores { get; private init; }

    /// <summary>Whether the vectors of all layers are computed, one after another.</summary>
    public bool AllLayers { get; init; }

    /// <summary>Whether pooled vectors go through the model's dense layers.</summary>
    public bool IsProjected { get; init; }

    /// <summary>Rows at the start of each input that means and maxima leave out, if these are more than the encoder's.</summary>
    public int SkippedRows { get; init; }
}

/// <summary>A call whose inputs wait or run. All members but <see cref="Result"/> are guarded by the queue's lock.</summary>
internal sealed class Request<T>
{
    private readonly IReadOnlyList<ReadOnlyMemory<T>> _inputs;
    private readonly int[] _rows;
    private readonly float[][] _vectors;
    private readonly TaskCompletionSource<float[][]> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _rowsAtOnce;
    private long _rowsLeft;
    private int _taken, _done, _rowsOfTurn;

    public Request(IReadOnlyList<ReadOnlyMemory<T>> inputs, int[] rows, Output output, int rowsAtOnce)
    {
        (_inputs, _rows, Output, _rowsAtOnce) = (inputs, rows, output, rowsAtOnce);
        _vectors = new float[inputs.Count][];
        _rowsLeft = rows.Sum(count => (long)count);
        Node = new LinkedListNode<Request<T>>(this);
    }

    public Output Output { get; }
    public LinkedListNode<Request<T>> Node { get; }
    public Task<float[][]> Result => _result.Task;

    /// <summary>Rows of inputs that no batch has taken, at most those of one batch: requests take turns, so others wait for no more.</summary>
    public long RowsWaiting => Math.Min(_rowsLeft, _rowsAtOnce);

    /// <summary>The timestamp of the call.</summary>
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>Whether some inputs are in batches or done.</summary>
    public bool IsStarted => _taken > 0;

    /// <summary>Whether all inputs are in batches or done.</summary>
    public bool IsTaken => _taken == _inputs.Count;

    /// <summary>Whether its turn is over: it has had a batch's worth of rows, perhaps in the end of one batch and the beginning of the next.</summary>
    public bool HadItsTurn => _rowsOfTurn >= _rowsAtOnce;

    /// <summary>Whether the running batch contains some of the inputs.</summary>
    public bool IsRunning { get; set; }

    /// <summary>Moves the next inputs into a batch, as many as fit into a number of rows. Returns their rows.</summary>
    public int Take(int rows, Batch<T> batch)
    {
        int sum = 0;
        for (; _taken < _inputs.Count && (sum + _rows[_taken] <= rows || batch.Inputs.Count == 0); _taken++)
        {
            sum += _rows[_taken];
            batch.Inputs.Add(_inputs[_taken]);
            batch.Rows.Add(_rows[_taken]);
            batch.RowCount += _rows[_taken];
        }

        _rowsLeft -= sum;
        _rowsOfTurn = (HadItsTurn ? 0 : _rowsOfTurn) + sum;
        return sum;
    }

    /// <summary>Takes the request's results from those of a batch, starting at <paramref name="place"/>.</summary>
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

/// <summary>Inputs that run together, grouped by request, and their requests in the same order.</summary>
/// <param name="output">What is computed for all of them.</param>
internal sealed class Batch<T>(Output output) : IDisposable
{
    public Output Output => output;
    public List<ReadOnlyMemory<T>> Inputs { get; } = [];

    /// <summary>The rows of each input.</summary>
    public List<int> Rows { get; } = [];

    /// <summary>The rows of all inputs.</summary>
    public int RowCount { get; set; }

    public List<Request<T>> Requests { get; } = [];
    public CancellationTokenSource Stop { get; } = new();

    public void Dispose() => Stop.Dispose();
}
