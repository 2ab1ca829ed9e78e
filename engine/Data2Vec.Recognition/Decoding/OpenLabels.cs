using Data2Vec.Audio;

namespace Data2Vec.Recognition.Decoding;

/// <summary>What the labels do in a search without a lexicon.</summary>
internal sealed class OpenLabels
{
    public OpenLabels(CtcLabels labels)
    {
        Letters = new string[labels.Texts.Count];
        Parts = new bool[Letters.Length];
        Ends = new bool[Letters.Length];
        for (int i = 0; i < Letters.Length; i++)
        {
            string text = i == labels.Blank ? "" : labels.Texts[i];
            Letters[i] = text.Trim();
            Parts[i] = text.Length > 0 && char.IsWhiteSpace(text[0]);
            Ends[i] = Letters[i].Length > 0 && char.IsWhiteSpace(text[^1]);
        }
    }

    /// <summary>What each label adds to a word. The blank and labels that stand for nothing add nothing.</summary>
    public string[] Letters { get; }

    /// <summary>Whether each label ends the word before it.</summary>
    public bool[] Parts { get; }

    /// <summary>Whether each label is the end of a word.</summary>
    public bool[] Ends { get; }
}
