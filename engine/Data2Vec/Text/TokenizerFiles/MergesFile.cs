using System.Text;

namespace Data2Vec.Text;

/// <summary>
/// Merges as text: <c>vocab.bpe</c> of GPT-2 and fairseq, <c>merges.txt</c> of Hugging Face, the asset in a model file. The first
/// line is <c>#version: …</c>, each further line two tokens with one space between.
/// </summary>
internal static class MergesFile
{
    private const string HeaderStart = "#version";

    public static MergeList Read(ReadOnlySpan<byte> file, string kind)
    {
        string[] lines = TokenizerFile.ReadLines(file, kind);

        // GPT-2's reader drops the first line whatever it holds, others only a header: without one they would disagree.
        if (!lines[0].StartsWith(HeaderStart, StringComparison.Ordinal))
        {
            throw TokenizerFile.Error(FilePlace.Line(kind, 0), $"expected '{HeaderStart}: …'");
        }

        MergeList merges = new();
        for (int i = 1; i < lines.Length; i++)
        {
            FilePlace place = FilePlace.Line(kind, i);
            (string left, string right) = SplitPair(lines[i], place);
            merges.Add(left, right, place);
        }

        return merges;
    }

    public static byte[] Write(MergeList merges)
    {
        StringBuilder text = new($"{HeaderStart}: 0.2\n");
        foreach ((int left, int right) in merges.Merges)
        {
            text.Append(merges.Tokens[left]).Append(' ').Append(merges.Tokens[right]).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The two tokens of <c>left right</c>.</summary>
    public static (string Left, string Right) SplitPair(string pair, FilePlace place)
    {
        int space = pair.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0 || space == pair.Length - 1 || pair.IndexOf(' ', space + 1) >= 0)
        {
            throw TokenizerFile.Error(place, $"{TokenizerFile.Quote(pair)} is not two tokens with one space between");
        }

        return (pair[..space], pair[(space + 1)..]);
    }
}
