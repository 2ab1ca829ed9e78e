using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// SentencePiece's unigram model (Kudo 2018) as XLM-R has it: characters are replaced by a <see cref="CharacterMap"/>, each word gets a <c>▁</c> before it, and of
/// all ways to cut a word into pieces the one with the greatest sum of scores counts. What no piece covers is <c>&lt;unk&gt;</c>, neighbours together one.
/// </summary>
/// <remarks>
/// Microsoft.ML.Tokenizers reads such models too, but it gives an id to each unknown character, and cuts some texts in another way than SentencePiece.
/// </remarks>
internal sealed class UnigramTokenizer : TextTokenizer
{
    private const char Space = '▁';
    private const string AssetName = "vocabulary";

    private readonly UnigramVocabulary _vocabulary;
    private readonly SpecialIds _special;
    private readonly ReadOnlyMemory<byte> _mapFile;
    private readonly CharacterMap? _map;
    private readonly UnigramOptions _options;

    private UnigramTokenizer(
        UnigramVocabulary vocabulary, SpecialIds special, ReadOnlyMemory<byte> mapFile, CharacterMap? map, UnigramOptions options, IReadOnlyList<AddedToken> added)
        : base(special, vocabulary.Count, added) => (_vocabulary, _special, _mapFile, _map, _options) = (vocabulary, special, mapFile, map, options);

    public override UnigramOptions Unigrams => _options;

    /// <summary>Creates a tokenizer.</summary>
    /// <param name="vocabulary">The pieces, and the names <c>&lt;s&gt;</c>, <c>&lt;pad&gt;</c>, <c>&lt;/s&gt;</c>, <c>&lt;unk&gt;</c> and <c>&lt;mask&gt;</c>.</param>
    /// <param name="map">The character map; empty for none.</param>
    /// <param name="options">The preparation of text.</param>
    /// <param name="file">The name of the file for error messages.</param>
    /// <exception cref="InvalidDataException">The map is damaged, or a name is missing.</exception>
    public static UnigramTokenizer Create(UnigramVocabulary vocabulary, ReadOnlyMemory<byte> map, UnigramOptions options, string file)
    {
        var place = new FilePlace(file);
        int Id(string name) => vocabulary.RequireName(name, place);
        var special = new SpecialIds(
            Id(TokenizerVocabulary.Begin), Id(TokenizerVocabulary.Pad), Id(TokenizerVocabulary.End), Id(TokenizerVocabulary.Unknown), Id(TokenizerVocabulary.Mask));
        return new UnigramTokenizer(vocabulary, special, map, CharacterMap.Read(map.Span, place), options, []);
    }

    /// <summary>Reads the output of <see cref="ToAssets"/>.</summary>
    /// <exception cref="InvalidDataException">An asset is damaged.</exception>
    public static UnigramTokenizer FromAssets(ReadOnlySpan<byte> vocabulary, ReadOnlyMemory<byte> map, UnigramOptions options) =>
        Create(UnigramVocabulary.Read(vocabulary, AssetName), map, options, AssetName);

    public override TextTokenizerAssets ToAssets() => new(_vocabulary.Write(), characterMap: _mapFile.IsEmpty ? null : _mapFile);

    private protected override TextTokenizer WithAdded(IReadOnlyList<AddedToken> added, bool addPrefixSpace) => addPrefixSpace
        ? throw new ArgumentException("A prefix space applies to byte-level BPE only.", nameof(addPrefixSpace))
        : new UnigramTokenizer(_vocabulary, _special, _mapFile, _map, _options, added);

    private protected override string OwnText(int id) => _vocabulary.TextOf(id);

    private protected override string Normalize(string text, CancellationToken cancellation) =>
        _map?.Apply(text, cancellation.ThrowIfCancellationRequested) ?? text;

    private protected override void AppendTokens(ReadOnlySpan<char> text, TokenCollector tokens)
    {
        ReadOnlySpan<char> rest = _map is null ? text : _map.Apply(text, tokens.Step);
        double sum = 0;
        while (!tokens.IsFull)
        {
            int start = 0;
            while (start < rest.Length && IsSpace(rest[start]))
            {
                start++;
            }

            rest = rest[start..];
            if (rest.IsEmpty)
            {
                return;
            }

            int end = 1;
            while (end < rest.Length && !IsSpace(rest[end]))
            {
                end++;
            }

            // A word that begins with the mark of a space needs no other one.
            ReadOnlySpan<char> word = rest[..end];
            sum = AppendWord(word[0] == Space ? word : $"{Space}{word}", tokens, sum);
            rest = rest[end..];
        }
    }

    private bool IsSpace(char character) => character == ' ' || (_options.SplitWhiteSpace && char.IsWhiteSpace(character));

    /// <summary>Finds the best path through the pieces of a word (Viterbi 1967).</summary>
    /// <param name="word">The word.</param>
    /// <param name="tokens">Receives the ids.</param>
    /// <param name="sum">The sum of the scores before the word.</param>
    /// <returns>The sum with those of the word. Words do not depend on those before, but for the rounding of sums.</returns>
    private double AppendWord(ReadOnlySpan<char> word, TokenCollector tokens, double sum)
    {
        var best = new (double Score, int Start, int Id)[word.Length + 1];
        best[0].Score = _options.SinglePrecision ? sum : 0;
        Array.Fill(best, (double.NegativeInfinity, -1, UnknownId), 1, word.Length);
        for (int start = 0; start < word.Length;)
        {
            tokens.Step();
            Rune.DecodeFromUtf16(word[start..], out _, out int character);
            bool isCovered = false;
            double before = best[start].Score;
            int from = start;
            _vocabulary.Find(word[start..], (length, id, score) =>
            {
                isCovered |= length == character;
                Consider(from, length, Add(before, score), id);
            });
            if (!isCovered)
            {
                Consider(start, character, Add(before, _vocabulary.UnknownScore), UnknownId);
            }

            start += character;
        }

        int first = tokens.Ids.Count;
        for (int end = word.Length; end > 0; end = best[end].Start)
        {
            int id = best[end].Id;
            if (id != UnknownId || tokens.Ids.Count == first || tokens.Ids[^1] != UnknownId)
            {
                tokens.Ids.Add(id);
            }
        }

        tokens.Ids.Reverse(first, tokens.Ids.Count - first);
        return best[^1].Score;

        // Of two equal paths the first counts, whose last piece is the longer one.
        void Consider(int start, int length, double score, int id)
        {
            ref (double Score, int Start, int Id) there = ref best[start + length];
            if (there.Start < 0 || score > there.Score)
            {
                there = (score, start, id);
            }
        }
    }

    private double Add(double sum, double score) => _options.SinglePrecision ? (float)((float)sum + (float)score) : sum + score;

    private protected override string TextOf(List<int> ids)
    {
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            text.Append(AddedText(id) ?? _vocabulary.TextOf(id));
        }

        return text.Replace(Space, ' ').ToString().TrimStart(' ');
    }
}
