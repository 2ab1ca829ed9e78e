namespace Data2Vec.Training.Data;

/// <summary>
/// When bad items are too many to go on without them: 10 or more, and more than a tenth. A few damaged files in a large collection are normal; a tenth means a
/// wrong folder, a wrong column or a failing disk.
/// </summary>
internal static class BadItemLimit
{
    private const int Fewest = 10;

    /// <exception cref="InvalidDataException">The bad items are too many.</exception>
    public static void Check(long bad, long tried, Func<SkippedItem> first, string? source = null)
    {
        if (bad >= Fewest && bad * 10 > tried)
        {
            throw new InvalidDataException($"{(source is null ? "" : $"{source}: ")}{bad} of {tried} items cannot be used, which is more than a tenth; the first is {first()}");
        }
    }
}
