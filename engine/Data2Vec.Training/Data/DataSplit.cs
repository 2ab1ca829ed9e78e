using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Data;

/// <summary>Divides data.</summary>
public static class DataSplit
{
    /// <summary>Draws items to hold out. The same arguments give the same items.</summary>
    /// <param name="count">The number of items.</param>
    /// <param name="share">The share of them to hold out, between 0 and 1. At least one is held out and one is left.</param>
    /// <param name="seed">What the choice follows from.</param>
    /// <returns>The items to train on, and those held out, each in order.</returns>
    /// <exception cref="InvalidDataException">There are fewer than two items.</exception>
    public static (IReadOnlyList<int> Training, IReadOnlyList<int> HeldOut) Draw(int count, double share, ulong seed)
    {
        if (!(share is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share that is held out must be between 0 and 1.");
        }

        if (count < 2)
        {
            throw new InvalidDataException("nothing can be held out of less than two items");
        }

        int[] items = [.. Enumerable.Range(0, count)];
        new RandomSource(seed, 0, RandomSite.HoldOut).Sequence(0).Shuffle<int>(items);
        int held = Math.Clamp((int)Math.Round(share * count), 1, count - 1);
        return ([.. items[held..].Order()], [.. items[..held].Order()]);
    }
}
