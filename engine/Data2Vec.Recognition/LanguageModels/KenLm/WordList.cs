using System.Text;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>The words of a model in the order of their ids, each ended by NUL.</summary>
/// <param name="path">The path of the file, for errors.</param>
/// <param name="start">The first byte.</param>
/// <param name="length">The number of bytes.</param>
/// <param name="count">The number of words.</param>
internal sealed unsafe class WordList(string path, byte* start, ulong length, int count)
{
    /// <summary>The words at the end of a KenLM file.</summary>
    /// <param name="parts">The file, of which all other parts were taken.</param>
    /// <param name="count">The number of words.</param>
    /// <param name="isThere">Whether the header says that there are words.</param>
    /// <exception cref="InvalidDataException">There are none, so that the other parts must have other lengths.</exception>
    public static WordList? OfFile(FileParts parts, int count, bool isThere)
    {
        if (!isThere)
        {
            return null;
        }

        ReadOnlySpan<byte> unknown = "<unk>\0"u8;
        return parts.Rest >= (ulong)unknown.Length && new ReadOnlySpan<byte>(parts.Address, unknown.Length).SequenceEqual(unknown)
            ? new WordList(parts.Path, parts.Address, parts.Rest, count)
            : throw new InvalidDataException("the words are not where the header says; the file is damaged");
    }

    public IReadOnlyList<string> Read()
    {
        var words = new List<string>();
        byte* word = start;
        for (ulong rest = length; rest > 0;)
        {
            int end = new ReadOnlySpan<byte>(word, (int)Math.Min(rest, int.MaxValue)).IndexOf((byte)0);
            if (end < 0 || words.Count == count)
            {
                break;
            }

            words.Add(Encoding.UTF8.GetString(word, end));
            word += end + 1;
            rest -= (ulong)end + 1;
        }

        return words.Count == count && word == start + length
            ? words
            : throw new InvalidDataException($"{path}: the list of words has other than {count} words; the file is damaged");
    }
}
