using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Probing;

/// <summary>Divides items at random, each class alike.</summary>
internal static class HeldOutSplit
{
    /// <summary>The items that a probe is fitted to, and those that it is measured with: once, or for each fold.</summary>
    /// <param name="labels">The class of each item; all the same for items without classes.</param>
    /// <param name="options">The share or the folds, and the seed.</param>
    /// <exception cref="InvalidDataException">There are too few items.</exception>
    public static IReadOnlyList<(int[] Kept, int[] HeldOut)> All(int[] labels, ProbeOptions options)
    {
        if (options.Folds == 0)
        {
            (int[] kept, int[] heldOut) = Share(labels, options.HeldOut, options.Seed);
            return heldOut.Length > 0 ? [(kept, heldOut)] : throw new InvalidDataException(
                $"There are too few vectors to hold a share of {options.HeldOut} out: {labels.Length}{(labels.Distinct().Count() is > 1 and var classes ? $", of {classes} classes" : "")}.");
        }

        if (labels.Length < options.Folds)
        {
            throw new InvalidDataException($"There are {options.Folds} folds, but only {labels.Length} vectors.");
        }

        int[] folds = Folds(labels, options.Folds, options.Seed);
        return [.. Enumerable.Range(0, options.Folds).Select(fold => (
            Enumerable.Range(0, folds.Length).Where(item => folds[item] != fold).ToArray(),
            Enumerable.Range(0, folds.Length).Where(item => folds[item] == fold).ToArray()))];
    }

    /// <summary>Holds a share of each class out. At least one item of each class stays.</summary>
    /// <param name="labels">The class of each item; all the same for items without classes.</param>
    /// <param name="share">The share.</param>
    /// <param name="seed">Determines the choice.</param>
    /// <returns>The items that stay and those that are held out, both in order.</returns>
    public static (int[] Kept, int[] HeldOut) Share(ReadOnlySpan<int> labels, double share, ulong seed)
    {
        bool[] held = new bool[labels.Length];
        double due = 0.5;
        foreach (int[] items in Classes(labels, seed))
        {
            // The rest of a share passes to the next class, so that many small classes add up to it.
            due += share * items.Length;
            int count = Math.Min((int)due, items.Length - 1);
            due -= count;
            foreach (int item in items.AsSpan(0, count))
            {
                held[item] = true;
            }

            due = Math.Min(due, 1);
        }

        return (Where(held, false), Where(held, true));
    }

    /// <summary>Numbers the folds that items are in.</summary>
    public static int[] Folds(ReadOnlySpan<int> labels, int folds, ulong seed)
    {
        int[] result = new int[labels.Length];
        int next = 0;
        foreach (int item in Classes(labels, seed).SelectMany(items => items))
        {
            result[item] = next++ % folds;
        }

        return result;
    }

    private static int[] Where(bool[] held, bool value) => [.. Enumerable.Range(0, held.Length).Where(item => held[item] == value)];

    /// <summary>The items of each class, in random order.</summary>
    private static int[][] Classes(ReadOnlySpan<int> labels, ulong seed)
    {
        int[] all = labels.ToArray();
        return [.. Enumerable.Range(0, all.Length).GroupBy(item => all[item]).OrderBy(group => group.Key).Select(group =>
        {
            int[] items = [.. group];
            new RandomSource(seed, 0, RandomSite.Order, group.Key).Sequence(0).Shuffle<int>(items);
            return items;
        })];
    }
}
