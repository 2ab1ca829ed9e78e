using System.Globalization;
using System.Text;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Tests.Decoding;

/// <summary>A small n-gram model in dictionaries, read from the lines of an ARPA file with tabs.</summary>
internal sealed class ArpaModel : NGramModel
{
    private readonly Dictionary<string, int> _words = new() { ["<unk>"] = Unknown };
    private readonly Dictionary<NGramState, (float P, float BackOff)> _grams = [];
    private readonly HashSet<NGramState> _contexts = [];

    public ArpaModel(IEnumerable<string> lines)
    {
        foreach (string[] fields in lines.Select(line => line.Split('\t')).Where(fields => fields.Length > 1))
        {
            int[] words = [.. fields[1].Split(' ').Select(Number)];
            _grams[State(words)] = (Value(fields[0]), fields.Length > 2 ? Value(fields[2]) : 0);
            _contexts.Add(State(words[..^1]));
            Order = Math.Max(Order, words.Length);
        }

        _grams.TryAdd(State(Unknown), (-100, 0));
        EndOfSentence = Number("</s>");
        BeginOfSentence = State(Number("<s>"));
    }

    public IEnumerable<string> Words => _words.Keys;

    public override int Order { get; }

    public override NGramState BeginOfSentence { get; }

    public override int EndOfSentence { get; }

    public override int Find(ReadOnlySpan<byte> word) => _words.GetValueOrDefault(Encoding.UTF8.GetString(word), Unknown);

    public override float Score(in NGramState state, int word, out NGramState after)
    {
        NGramState context = state;
        float score = 0;
        while (true)
        {
            NGramState gram = Before(word, context);
            if (_grams.TryGetValue(gram, out (float P, float BackOff) found))
            {
                score += found.P;
                break;
            }

            score += _grams.GetValueOrDefault(context).BackOff;
            context = Shorter(context, context.Length - 1);
        }

        after = Shorter(Before(word, state), Math.Min(Order - 1, state.Length + 1));
        while (after.Length > 0 && !_contexts.Contains(after))
        {
            after = Shorter(after, after.Length - 1);
        }

        return score;
    }

    protected override void Dispose(bool disposing)
    {
    }

    private int Number(string word)
    {
        if (!_words.TryGetValue(word, out int number))
        {
            _words[word] = number = _words.Count;
        }

        return number;
    }

    private static float Value(string text) => float.Parse(text, CultureInfo.InvariantCulture);

    private static NGramState Before(int word, NGramState state)
    {
        var longer = new NGramState { Length = state.Length + 1 };
        longer.Words[0] = word;
        for (int i = 0; i < state.Length; i++)
        {
            longer.Words[i + 1] = state.Words[i];
        }

        return longer;
    }

    private static NGramState Shorter(NGramState state, int length)
    {
        var shorter = new NGramState { Length = length };
        for (int i = 0; i < length; i++)
        {
            shorter.Words[i] = state.Words[i];
        }

        return shorter;
    }

    // Newest first.
    private static NGramState State(params int[] words)
    {
        var state = new NGramState { Length = words.Length };
        for (int i = 0; i < words.Length; i++)
        {
            state.Words[i] = words[^(i + 1)];
        }

        return state;
    }
}
