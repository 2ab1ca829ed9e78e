namespace Data2Vec.Recognition.Decoding;

/// <summary>Sorts hypotheses.</summary>
internal static class RankedOrder
{
    /// <summary>Sorts numbers by their keys, least first, and numbers with equal keys by themselves.</summary>
    public static void Sort(double[] keys, int[] numbers, int count)
    {
        Array.Sort(keys, numbers, 0, count);
        for (int i = 1; i < count; i++)
        {
            for (int j = i; j > 0 && keys[j - 1] == keys[j] && numbers[j - 1] > numbers[j]; j--)
            {
                (numbers[j - 1], numbers[j]) = (numbers[j], numbers[j - 1]);
            }
        }
    }
}
