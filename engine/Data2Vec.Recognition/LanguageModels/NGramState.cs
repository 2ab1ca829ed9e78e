using System.Runtime.CompilerServices;

namespace Data2Vec.Recognition.LanguageModels;

/// <summary>What an n-gram model remembers of the words so far. States with the same words are equal.</summary>
public struct NGramState : IEquatable<NGramState>
{
    /// <summary>The number of words at most, so that models have an order of at most one more.</summary>
    internal const int MaxLength = 7;

    /// <summary>The ids of the words, newest first. Words beyond <see cref="Length"/> are 0.</summary>
    internal NGramWords Words;

    /// <summary>The back-off weight of the newest word, of the two newest words, and so on. They follow from the words and spare looking them up.</summary>
    internal NGramBackoffs Backoffs;

    /// <summary>The number of words.</summary>
    internal int Length;

    /// <summary>Forgets all but the newest words.</summary>
    internal void Cut(int length)
    {
        ((Span<int>)Words)[length..].Clear();
        Length = length;
    }

    /// <inheritdoc/>
    public readonly bool Equals(NGramState other) =>
        Length == other.Length && ((ReadOnlySpan<int>)Words).SequenceEqual(other.Words);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is NGramState other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        uint hash = (uint)Length;
        for (int i = 0; i < Length; i++)
        {
            hash = (hash * 0x9E3779B1) ^ (uint)Words[i];
        }

        return (int)(hash ^ (hash >> 15));
    }

    /// <summary>Whether two states have the same words.</summary>
    public static bool operator ==(in NGramState a, in NGramState b) => a.Equals(b);

    /// <summary>Whether two states differ.</summary>
    public static bool operator !=(in NGramState a, in NGramState b) => !a.Equals(b);
}

/// <summary>The words of an <see cref="NGramState"/>.</summary>
[InlineArray(NGramState.MaxLength)]
internal struct NGramWords
{
    private int _first;
}

/// <summary>The back-off weights of an <see cref="NGramState"/>.</summary>
[InlineArray(NGramState.MaxLength)]
internal struct NGramBackoffs
{
    private float _first;
}
