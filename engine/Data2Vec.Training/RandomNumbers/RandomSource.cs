using System.Runtime.Intrinsics;

namespace Data2Vec.Training.RandomNumbers;

/// <summary>
/// Random numbers of one site in one update. The number at an item, row and column is a function of these and of the seed alone: it does
/// not depend on threads, on the order of calls, on how items are packed or distributed, or on where a run was resumed.
/// </summary>
public readonly struct RandomSource : IEquatable<RandomSource>
{
    /// <summary>Marks counters of sequences. Those of columns have this bit clear.</summary>
    private const uint SequenceBit = 1u << 31;

    private readonly ulong _key;

    /// <summary>The key of the numbers.</summary>
    internal ulong Key => _key;

    /// <summary>Creates the source of a site.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="update">The update, or another count such as the epoch for numbers that are drawn once an epoch.</param>
    /// <param name="site">What the numbers are for.</param>
    /// <param name="index">Tells apart places of the same kind, such as layers.</param>
    public RandomSource(ulong seed, long update, RandomSite site, int index = 0)
    {
        Vector128<uint> words = Philox.Block(Vector128.Create((uint)update, (uint)(update >> 32), (uint)site, (uint)index), seed);
        _key = words.AsUInt64()[0];
    }

    /// <summary>A number of [0, 1), a multiple of 2^-24.</summary>
    /// <param name="item">The item, by its number in the data.</param>
    /// <param name="row">The row in the item.</param>
    /// <param name="column">The column, not negative.</param>
    public float Uniform(long item, int row, int column)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(column);
        return ToFloat(Words(item, row, (uint)column >> 2)[column & 3]);
    }

    /// <summary>Fills a span with the numbers of consecutive columns, the same as <see cref="Uniform"/> returns one at a time.</summary>
    public void Fill(long item, int row, int firstColumn, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstColumn);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(values.Length, int.MaxValue - firstColumn, nameof(values));
        for (int i = 0; i < values.Length;)
        {
            int column = firstColumn + i;
            Vector128<uint> words = Words(item, row, (uint)column >> 2);
            for (int lane = column & 3; lane < 4 && i < values.Length; lane++)
            {
                values[i++] = ToFloat(words[lane]);
            }
        }
    }

    /// <summary>A sequence of numbers that belongs to an item and row, for procedures that draw as many as they need.</summary>
    public RandomSequence Sequence(long item, int row = 0) => new(this, item, row);

    /// <inheritdoc/>
    public bool Equals(RandomSource other) => _key == other._key;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RandomSource other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _key.GetHashCode();

    /// <summary>Whether two sources give the same numbers.</summary>
    public static bool operator ==(RandomSource left, RandomSource right) => left.Equals(right);

    /// <summary>Whether two sources give different numbers.</summary>
    public static bool operator !=(RandomSource left, RandomSource right) => !left.Equals(right);

    internal static float ToFloat(uint word) => (word >> 8) * (1f / (1 << 24));

    internal Vector128<uint> SequenceWords(long item, int row, uint block) => Words(item, row, block | SequenceBit);

    private Vector128<uint> Words(long item, int row, uint block) =>
        Philox.Block(Vector128.Create((uint)item, (uint)(item >> 32), (uint)row, block), _key);
}
