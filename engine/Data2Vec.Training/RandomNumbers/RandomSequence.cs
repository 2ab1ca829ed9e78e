using System.Buffers;
using System.Runtime.Intrinsics;

namespace Data2Vec.Training.RandomNumbers;

/// <summary>Random numbers one after another. Not safe for several threads; create one for each item instead.</summary>
public sealed class RandomSequence
{
    private readonly RandomSource _source;
    private readonly long _item;
    private readonly int _row;
    private Vector128<uint> _words;
    private uint _drawn;

    internal RandomSequence(RandomSource source, long item, int row)
    {
        _source = source;
        _item = item;
        _row = row;
    }

    /// <summary>32 random bits.</summary>
    public uint NextUInt32()
    {
        uint lane = _drawn & 3;
        if (lane == 0)
        {
            _words = _source.SequenceWords(_item, _row, _drawn >> 2);
        }

        _drawn++;
        return _words[(int)lane];
    }

    /// <summary>A number of [0, 1), a multiple of 2^-24.</summary>
    public float NextSingle() => RandomSource.ToFloat(NextUInt32());

    /// <summary>A number of [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble()
    {
        ulong bits = ((ulong)NextUInt32() << 32) | NextUInt32();
        return (bits >> 11) * (1.0 / (1L << 53));
    }

    /// <summary>A number between two bounds, which may come in either order, as with Python's <c>random.uniform</c>.</summary>
    public double NextDouble(double first, double last) => first + ((last - first) * NextDouble());

    /// <summary>
    /// An integer of [0, <paramref name="count"/>), each with the same probability (Lemire: "Fast random integer generation in an interval", 2019).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    public int NextInt32(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ulong product = (ulong)NextUInt32() * (uint)count;
        if ((uint)product < (uint)count)
        {
            // 2^32 is not a multiple of the count: reject the remainder.
            uint remainder = (0u - (uint)count) % (uint)count;
            while ((uint)product < remainder)
            {
                product = (ulong)NextUInt32() * (uint)count;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>Draws different integers of [0, <paramref name="population"/>), in random order: every ordered choice is equally likely.</summary>
    /// <param name="population">How many integers there are to choose from.</param>
    /// <param name="chosen">Receives the integers. Its length is how many are drawn.</param>
    /// <exception cref="ArgumentException">More are asked for than there are.</exception>
    public void Sample(int population, Span<int> chosen)
    {
        if (chosen.Length > population)
        {
            throw new ArgumentException($"Cannot draw {chosen.Length} different numbers out of {population}.", nameof(chosen));
        }

        int[] numbers = ArrayPool<int>.Shared.Rent(population);
        for (int i = 0; i < population; i++)
        {
            numbers[i] = i;
        }

        for (int i = 0; i < chosen.Length; i++)
        {
            int other = i + NextInt32(population - i);
            (chosen[i], numbers[other]) = (numbers[other], numbers[i]);
        }

        ArrayPool<int>.Shared.Return(numbers);
    }

    /// <summary>Puts values in random order: every order is equally likely.</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (int i = 0; i < values.Length - 1; i++)
        {
            int other = i + NextInt32(values.Length - i);
            (values[i], values[other]) = (values[other], values[i]);
        }
    }
}
