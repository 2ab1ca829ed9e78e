using System.Numerics;
using System.Runtime.CompilerServices;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// Compares keys of pickled dictionaries: strings and numbers by value with hashes that an attacker cannot predict,
/// everything else by reference.
/// </summary>
internal sealed class PickleKeyComparer : IEqualityComparer<object>
{
    public static readonly PickleKeyComparer Instance = new();

    public new bool Equals(object? x, object? y) =>
        ReferenceEquals(x, y) || (x is string or long or bool or double or BigInteger && x.Equals(y));

    // long and double hash themselves predictably, so their halves go through the seeded HashCode.
    public int GetHashCode(object obj) => obj switch
    {
        string or bool or BigInteger => obj.GetHashCode(),
        long number => HashHalves(number),
        double number => HashHalves(BitConverter.DoubleToInt64Bits(number)),
        _ => RuntimeHelpers.GetHashCode(obj),
    };

    private static int HashHalves(long number) => HashCode.Combine((int)number, (int)(number >> 32));
}
