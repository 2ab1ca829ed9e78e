namespace Data2Vec.Kernels;

/// <summary>
/// The bounds of the sequences of a packed batch: sequence <c>i</c> is the rows <c>Start(i)</c> to <c>Start(i) + Length(i) - 1</c>. Lives in the
/// working memory of one <see cref="Inference"/>.
/// </summary>
public readonly unsafe struct Sequences
{
    private readonly int* _starts;

    /// <summary>Describes sequences; backends create them in their working memory.</summary>
    /// <param name="starts"><c>count + 1</c> row numbers, from 0 to the number of rows; valid until the working memory is released.</param>
    /// <param name="count">The number of sequences.</param>
    /// <param name="data">The device's copy of the bounds, if it cannot read <paramref name="starts"/>.</param>
    public Sequences(int* starts, int count, nint data = 0)
    {
        _starts = starts;
        Count = count;
        Data = data;
    }

    /// <summary>The device's copy of the bounds; the backend defines its meaning.</summary>
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
