using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Data;

/// <summary>The random numbers that loading an item needs: where a recording is cropped, how an image is augmented.</summary>
/// <param name="Seed">The seed of the run.</param>
/// <param name="Epoch">The epoch. Each epoch crops and augments an item in another way.</param>
public readonly record struct EpochRandom(ulong Seed, long Epoch)
{
    /// <summary>The numbers of an item.</summary>
    /// <param name="site">What they are for.</param>
    /// <param name="item">The number of the item in its data.</param>
    /// <param name="row">Tells apart several uses.</param>
    public RandomSequence Sequence(RandomSite site, int item, int row = 0) => new RandomSource(Seed, Epoch, site).Sequence(item, row);
}
