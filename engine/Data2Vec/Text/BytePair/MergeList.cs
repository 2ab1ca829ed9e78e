using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// The merges of a byte-level BPE in order of rank. Text starts as bytes, which are tokens 0 to 255, and the merge of rank r joins two
/// tokens into token 256 + r. With this numbering the merges define BPE completely, independent of the ids in a file.
/// </summary>
/// <remarks>
/// As a file (<c>vocab.bpe</c> of GPT-2 and fairseq, <c>merges.txt</c> of Hugging Face, the asset in a model file), the first line is
/// <c>#version: …</c>, and each further line has two tokens separated by a space.
/// </remarks>
internal sealed class MergeList
{
    public const int ByteCount = 256;

    private const string HeaderStart = "#version";

    private readonly List<string> _tokens = new(ByteCount);
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<(int Left, int Right)> _merges = [];

    public MergeList()
    {
        for (int value = 0; value < ByteCount; value++)
        {
            AddToken(ByteAlphabet.CharacterOf((byte)value).ToString());
        }
    }

    /// <summary>All tokens in the byte alphabet: 256 bytes, then the result of each merge.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>The two tokens that each merge joins.</summary>
    public IReadOnlyList<(int Left, int Right)> Merges => _merges;

    /// <summary>Reads a file of merges.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static MergeList Read(ReadOnlySpan<byte> content, string file)
    {
        string[] lines = TokenizerFile.ReadLines(content, file);

        // GPT-2's reader drops the first line unconditionally, other readers only a header. They agree if the header is present.
        if (!lines[0].StartsWith(HeaderStart, StringComparison.Ordinal))
        {
            throw FilePlace.Line(file, 0).Error($"expected '{HeaderStart}: …'");
        }

        MergeList merges = new();
        for (int i = 1; i < lines.Length; i++)
        {
            FilePlace place = FilePlace.Line(file, i);
            (string left, string right) = SplitPair(lines[i], place);
            merges.Add(left, right, place);
        }

        return merges;
    }

    public byte[] Write()
    {
        StringBuilder text = new($"{HeaderStart}: 0.2\n");
        foreach ((int left, int right) in _merges)
        {
            text.Append(_tokens[left]).Append(' ').Append(_tokens[right]).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Splits <c>left right</c>.</summary>
    public static (string Left, string Right) SplitPair(string pair, FilePlace place) =>
        pair.Split(' ') is [{ Length: > 0 } left, { Length: > 0 } right]
            ? (left, right)
            : throw place.Error($"{pair.Quote()} is not two tokens separated by a space");

    /// <summary>Whether text can become this token.</summary>
    public bool Contains(string token) => _ids.ContainsKey(token);

    /// <summary>Adds the merge of the next rank.</summary>
    /// <exception cref="InvalidDataException">
    /// A part is not a token yet, or an earlier merge makes the same token. Training never produces either. Without them, "lowest rank
    /// first" is unambiguous: merging one pair at a time, as here, and all equal pairs at once, as in GPT-2, give the same result.
    /// </exception>
    public void Add(string left, string right, FilePlace place)
    {
        if (!_ids.TryGetValue(left, out int leftId) || !_ids.TryGetValue(right, out int rightId))
        {
            throw place.Error($"{(_ids.ContainsKey(left) ? right : left).Quote()} is neither a byte nor the result of an earlier merge");
        }

        if (_ids.ContainsKey(left + right))
        {
            throw place.Error($"{(left + right).Quote()} is already the result of an earlier merge");
        }

        if (_merges.Count >= TokenizerFile.MaxEntries)
        {
            throw place.Error($"more than the {TokenizerFile.MaxEntries} merges supported");
        }

        _merges.Add((leftId, rightId));
        AddToken(left + right);
    }

    private void AddToken(string token)
    {
        _ids.Add(token, _tokens.Count);
        _tokens.Add(token);
    }
}

/// <summary>
/// The 256 printable characters that represent bytes in byte-level BPE (<c>bytes_to_unicode</c> in GPT-2's encoder.py). Visible Latin-1
/// characters represent themselves, and the other 68 bytes map to U+0100 upward in order. A space is 'Ġ' (U+0120).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_characters = BuildCharacters();
    private static readonly short[] s_bytes = BuildBytes();

    public static char CharacterOf(byte value) => s_characters[value];

    /// <summary>The byte that a character represents, or -1.</summary>
    public static int ByteOf(char character) => character < s_bytes.Length ? s_bytes[character] : -1;

    public static void Write(ReadOnlySpan<byte> bytes, Span<char> characters)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            characters[i] = s_characters[bytes[i]];
        }
    }

    private static char[] BuildCharacters()
    {
        int next = 256;

        // 0xAD, the soft hyphen, is Latin-1 but invisible.
        return [.. Enumerable.Range(0, 256).Select(value => (char)(value is >= '!' and <= '~' or >= 0xA1 and <= 0xFF and not 0xAD ? value : next++))];
    }

    private static short[] BuildBytes()
    {
        short[] bytes = new short[s_characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (short value = 0; value < 256; value++)
        {
            bytes[s_characters[value]] = value;
        }

        return bytes;
    }
}
