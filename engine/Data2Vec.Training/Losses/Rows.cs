namespace Data2Vec.Training.Losses;

/// <summary>Checks of matrices that lie row after row.</summary>
internal static class Rows
{
    /// <summary>Returns the number of rows.</summary>
    /// <exception cref="ArgumentException">The elements are not whole rows.</exception>
    public static int Check(int elements, int features)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
        return elements % features == 0 ? elements / features : throw new ArgumentException($"{elements} elements are not rows of {features}.");
    }

    /// <summary>Checks that the lengths of sequences add up to a number of rows.</summary>
    public static void CheckLengths(ReadOnlySpan<int> lengths, int rows)
    {
        long total = 0;
        foreach (int length in lengths)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(lengths));
            total += length;
        }

        if (total != rows)
        {
            throw new ArgumentException($"The sequences have {total} rows together, but there are {rows}.", nameof(lengths));
        }
    }
}
