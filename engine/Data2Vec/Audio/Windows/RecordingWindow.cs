namespace Data2Vec.Audio;

/// <summary>A window of a recording at the model's rate, and the rows of it that count.</summary>
/// <param name="Start">The number of its first sample in the recording.</param>
/// <param name="Length">The number of its samples.</param>
/// <param name="FirstRow">The first row that counts.</param>
/// <param name="EndRow">The row after the last one that counts.</param>
/// <param name="Rows">The number of all its rows.</param>
internal readonly record struct RecordingWindow(long Start, int Length, int FirstRow, int EndRow, int Rows)
{
    /// <summary>The number of rows that count.</summary>
    public int Count => EndRow - FirstRow;

    /// <summary>The numbers of the rows that count.</summary>
    /// <param name="rows"><c>[rows, columns]</c> of the window.</param>
    public ReadOnlySpan<float> Kept(ReadOnlySpan<float> rows)
    {
        int columns = rows.Length / Rows;
        return rows[(FirstRow * columns)..(EndRow * columns)];
    }
}
