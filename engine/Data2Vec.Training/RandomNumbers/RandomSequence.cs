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

    /// <summary>A number of the standard normal distribution (Box and Muller 1958, one number of the pair).</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>A number of the gamma distribution with scale 1. A very small shape may give 0.</summary>
    /// <param name="shape">The shape, above 0.</param>
    public double NextGamma(double shape) => Math.Exp(NextLogGamma(shape));

    /// <summary>A number of the beta distribution.</summary>
    /// <param name="alpha">The first parameter, above 0. The mean is alpha / (alpha + beta).</param>
    /// <param name="beta">The second parameter, above 0.</param>
    public double NextBeta(double alpha, double beta)
    {
        // x / (x + y) of two gamma numbers. Their logarithms do not underflow where small parameters make both tiny.
        double x = NextLogGamma(alpha);
        return 1 / (1 + Math.Exp(NextLogGamma(beta) - x));
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

    /// <summary>
    /// The logarithm of a gamma number (Marsaglia and Tsang: "A simple method for generating gamma variables", 2000). A shape below 1 is that of
    /// shape + 1, times a power of a uniform number.
    /// </summary>
    private double NextLogGamma(double shape)
    {
        if (shape is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(shape), shape, "A shape must be above 0 and finite.");
        }

        double boost = shape < 1 ? Math.Log(1 - NextDouble()) / shape : 0;
        double d = (shape < 1 ? shape + 1 : shape) - (1 / 3.0);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = NextNormal();
            double root = 1 + (c * x);
            if (root <= 0)
            {
                continue;
            }

            double logCube = 3 * Math.Log(root);
            if (Math.Log(1 - NextDouble()) < (0.5 * x * x) + (d * (1 - (root * root * root) + logCube)))
            {
                return Math.Log(d) + logCube + boost;
            }
        }
    }
}
