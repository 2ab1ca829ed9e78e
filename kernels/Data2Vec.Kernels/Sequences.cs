namespace Data2Vec.Kernels;

/// <summary>
/// The bounds of the sequences of a packed batch: sequence <c>i</c> is the rows <c>Start(i) … Start(i) + Length(i) - 1</c>.
/// Lives in the working memory of one <see cref="Inference"/>.
/// </summary>
public readonly unsafe struct Sequences
{
    private readonly int* _starts;

    /// <param name="starts"><c>count + 1</c> row numbers, the first 0, the last the number of rows.</param>
    /// <param name="count">The number of sequences.</param>
    /// <param name="data">Where the device finds the same numbers, where it does not read these.</param>
    internal Sequences(int* starts, int count, nint data = 0)
    {
        _starts = starts;
        Count = count;
        Data = data;
    }

    /// <summary>Where the device finds the bounds; what it means is the backend's business.</summary>
    public nint Data { get; }

    /// <summary>The number of sequences.</summary>
    public int Count { get; }

    /// <summary>The number of rows of all sequences together.</summary>
    public int Rows => _starts[Count];

    /// <summary>The first row of a sequence.</summary>
    public int Start(int index) => _starts[index];

    /// <summary>The number of rows of a sequence.</summary>
    public int Length(int index) => _starts[index + 1] - _starts[index];
}
