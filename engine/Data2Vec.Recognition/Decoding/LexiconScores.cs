using System.Text;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Decoding;

/// <summary>The tree of a lexicon with the scores of its words by a language model. Safe for any number of threads.</summary>
internal sealed class LexiconScores
{
    /// <summary>Stands for a word that is not in the lexicon.</summary>
    public const int UnknownWord = -1;

    private readonly LexiconTrie _trie;
    private readonly float[] _largest;

    /// <param name="lexicon">The words.</param>
    /// <param name="model">The model; null for none.</param>
    public LexiconScores(Lexicon lexicon, NGramModel? model)
    {
        (Lexicon, Model) = (lexicon, model);
        ModelWords = new int[lexicon.Words.Count];
        float[] first = new float[ModelWords.Length];
        byte[] utf8 = new byte[256];
        for (int i = 0; i < ModelWords.Length && model is not null; i++)
        {
            string word = lexicon.Words[i];
            if (Encoding.UTF8.GetMaxByteCount(word.Length) > utf8.Length)
            {
                utf8 = new byte[Encoding.UTF8.GetMaxByteCount(word.Length)];
            }

            ModelWords[i] = model.Find(utf8.AsSpan(0, Encoding.UTF8.GetBytes(word, utf8)));
            Known += ModelWords[i] != NGramModel.Unknown ? 1 : 0;
            first[i] = model.Score(model.BeginOfSentence, ModelWords[i], out _);
        }

        _trie = LexiconTrie.Build(lexicon);
        _largest = _trie.Largest(first);
        Nodes = _trie.Nodes;
        WordScores = new double[ModelWords.Length];
    }

    private LexiconScores(LexiconScores other, LexiconSearchOptions options)
    {
        (Lexicon, Model, ModelWords, Known, _trie, _largest) = (other.Lexicon, other.Model, other.ModelWords, other.Known, other._trie, other._largest);
        Nodes = [.. _trie.Nodes];
        WordScores = new double[ModelWords.Length];
        Array.Fill(WordScores, options.WordScore);
        float[]? bonuses = null;
        if (options.HotWords.Count > 0)
        {
            float[] hot = new float[ModelWords.Length];
            foreach (string word in options.HotWords)
            {
                if (Lexicon.IndexOf(Lexicon.Write(word)) is >= 0 and var index)
                {
                    hot[index] = (float)options.HotWordScore;
                    WordScores[index] = options.WordScore + hot[index];
                }
            }

            bonuses = _trie.Largest(hot);
        }

        for (int i = 0; i < _largest.Length; i++)
        {
            Nodes[i].Ahead = (float)((options.ModelWeight * _largest[i]) + (bonuses?[i] ?? 0));
        }
    }

    /// <summary>The lexicon.</summary>
    public Lexicon Lexicon { get; }

    /// <summary>The model; null for none.</summary>
    public NGramModel? Model { get; }

    /// <summary>The model's id of each word.</summary>
    public int[] ModelWords { get; }

    /// <summary>The number of words that the model knows.</summary>
    public int Known { get; }

    /// <summary>The nodes of the tree, with <see cref="TrieNode.Ahead"/> set.</summary>
    public TrieNode[] Nodes { get; }

    /// <summary>The words at the nodes.</summary>
    public int[] Words => _trie.Words;

    /// <summary>What is added for each word apart from the model's score.</summary>
    public double[] WordScores { get; }

    /// <summary>The index that stands for a word that is not in the lexicon.</summary>
    public int UnknownIndex => ModelWords.Length;

    /// <summary>The same tree with the weights of some options.</summary>
    public LexiconScores With(LexiconSearchOptions options) => new(this, options);
}
