using System.Runtime.CompilerServices;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>Keys in ascending order.</summary>
internal interface ISortedKeys
{
    ulong this[ulong place] { get; }
}

/// <summary>Finds keys that are spread evenly, as hashes are, in a few steps: it guesses the place from the value.</summary>
internal static class InterpolationSearch
{
    private const int MaxGuesses = 12;
    private const ulong SmallRange = 4;

    /// <summary>Searches the places from <paramref name="begin"/> to before <paramref name="end"/>.</summary>
    /// <param name="keys">The keys. In a damaged file they may be in any order.</param>
    /// <param name="begin">The first place.</param>
    /// <param name="end">The place after the last.</param>
    /// <param name="most">The greatest key there can be, at least <paramref name="key"/>.</param>
    /// <param name="key">The key to find.</param>
    /// <param name="place">Receives its place.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Find<TKeys>(TKeys keys, ulong begin, ulong end, ulong most, ulong key, out ulong place)
        where TKeys : struct, ISortedKeys
    {
        ulong least = 0;
        for (int guesses = 0; begin < end; guesses++)
        {
            ulong range = end - begin, step = range >> 1;
            if (range > SmallRange && guesses < MaxGuesses)
            {
                // The share is below 1, but may be rounded up to it.
                step = Math.Min((ulong)(range * ((double)(key - least) / ((double)(most - least) + 1))), range - 1);
            }

            place = begin + step;
            ulong found = keys[place];
            if (found == key)
            {
                return true;
            }

            if (found < key)
            {
                begin = place + 1;
                least = found + 1;
            }
            else
            {
                end = place;
                most = found - 1;
            }
        }

        place = 0;
        return false;
    }
}
