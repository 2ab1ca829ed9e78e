namespace Data2Vec.Recognition.Decoding;

/// <summary>
/// The spellings of a lexicon as a tree. The children of a node follow one another, and so do the words that end at a node.
/// </summary>
internal sealed class LexiconTrie
{
    /// <summary>The node of the empty spelling.</summary>
    public const int Root = 0;

    private LexiconTrie(TrieNode[] nodes, int[] words) => (Nodes, Words) = (nodes, words);

    /// <summary>The nodes, level by level, and one more that ends the last one.</summary>
    public TrieNode[] Nodes { get; }

    /// <summary>The words of all nodes.</summary>
    public int[] Words { get; }

    /// <summary>Builds the tree. Equal spellings of different words share a node.</summary>
    public static LexiconTrie Build(Lexicon lexicon)
    {
        int count = lexicon.SpellingWords.Count;
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => lexicon.Spelling(a).SequenceCompareTo(lexicon.Spelling(b)) is not 0 and var difference ? difference : a.CompareTo(b));
        var nodes = new List<TrieNode>(count * 3) { new() { Label = -1 } };
        var ranges = new List<(int First, int End)>(count * 3) { (0, count) };
        int[] words = new int[count];
        int filled = 0;
        for (int node = 0, depth = 0, levelEnd = 1; node < nodes.Count; node++)
        {
            if (node == levelEnd)
            {
                depth++;
                levelEnd = nodes.Count;
            }

            nodes[node] = nodes[node] with { FirstChild = nodes.Count, FirstWord = filled };
            (int first, int end) = ranges[node];
            // Shorter spellings come first, so that the ones that end here lead.
            for (; first < end && lexicon.Spelling(order[first]).Length == depth; first++)
            {
                words[filled++] = lexicon.SpellingWords[order[first]];
            }

            while (first < end)
            {
                ushort label = lexicon.Spelling(order[first])[depth];
                int next = first + 1;
                while (next < end && lexicon.Spelling(order[next])[depth] == label)
                {
                    next++;
                }

                nodes.Add(new TrieNode { Label = label });
                ranges.Add((first, next));
                first = next;
            }
        }

        nodes.Add(new TrieNode { FirstChild = nodes.Count, FirstWord = filled });
        return new LexiconTrie([.. nodes], words);
    }

    /// <summary>Finds for each node the largest value of the words at and below it.</summary>
    /// <param name="values">The value of each word.</param>
    public float[] Largest(ReadOnlySpan<float> values)
    {
        float[] largest = new float[Nodes.Length - 1];
        for (int node = largest.Length - 1; node >= 0; node--)
        {
            float best = float.NegativeInfinity;
            for (int i = Nodes[node].FirstWord; i < Nodes[node + 1].FirstWord; i++)
            {
                best = Math.Max(best, values[Words[i]]);
            }

            for (int child = Nodes[node].FirstChild; child < Nodes[node + 1].FirstChild; child++)
            {
                best = Math.Max(best, largest[child]);
            }

            largest[node] = best;
        }

        return largest;
    }
}

/// <summary>A node of a <see cref="LexiconTrie"/>. What belongs to it ends where that of the next node begins.</summary>
internal struct TrieNode
{
    /// <summary>Its first child.</summary>
    public int FirstChild;

    /// <summary>The place of the first word that ends at it.</summary>
    public int FirstWord;

    /// <summary>The best score that a word at or below it adds to that of a hypothesis at the beginning of a text.</summary>
    public float Ahead;

    /// <summary>The label that leads to it.</summary>
    public int Label;
}
