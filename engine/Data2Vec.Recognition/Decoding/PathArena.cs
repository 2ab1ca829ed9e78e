namespace Data2Vec.Recognition.Decoding;

/// <summary>
/// The labels behind the hypotheses of a beam search. Each node is a frame of a hypothesis and points to the frame before. Nodes that no hypothesis
/// comes from are removed now and then, so that memory grows with the length of the recording and not with the beam.
/// </summary>
internal sealed class PathArena
{
    /// <summary>The path of no frames.</summary>
    public const int Empty = -1;

    private const int FirstLimit = 1 << 18;

    private Node[] _nodes = new Node[1 << 12];
    private int _count, _limit = FirstLimit;

    /// <summary>Whether <see cref="Compact"/> is due.</summary>
    public bool IsFull => _count > _limit;

    /// <summary>Adds a frame.</summary>
    /// <param name="parent">The path before it.</param>
    /// <param name="label">The label.</param>
    /// <param name="word">The word that ends there, or -1.</param>
    public int Add(int parent, int label, int word)
    {
        if (_count == _nodes.Length)
        {
            Array.Resize(ref _nodes, _count * 2);
        }

        _nodes[_count] = new Node { Parent = parent, Label = label, Word = word };
        return _count++;
    }

    /// <summary>Removes what none of the paths comes from, and updates the paths.</summary>
    public void Compact(Span<int> paths)
    {
        int[] moved = new int[_count];
        foreach (int path in paths)
        {
            if (path >= 0)
            {
                moved[path] = 1;
            }
        }

        for (int i = _count - 1; i >= 0; i--)
        {
            if (moved[i] != 0 && _nodes[i].Parent >= 0)
            {
                moved[_nodes[i].Parent] = 1;
            }
        }

        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            if (moved[i] != 0)
            {
                Node node = _nodes[i];
                node.Parent = node.Parent >= 0 ? moved[node.Parent] : Empty;
                _nodes[kept] = node;
                moved[i] = kept++;
            }
        }

        foreach (ref int path in paths)
        {
            path = path >= 0 ? moved[path] : Empty;
        }

        _count = kept;
        _limit = Math.Max(FirstLimit, 2 * kept);
    }

    /// <summary>Reads a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="frames">The number of its frames.</param>
    /// <returns>The label of each frame, and the words with the frames in which they end.</returns>
    public (int[] Labels, List<(int Frame, int Word)> Words) Trace(int path, int frames)
    {
        int[] labels = new int[frames];
        var words = new List<(int Frame, int Word)>();
        for (int frame = frames - 1; frame >= 0; frame--, path = _nodes[path].Parent)
        {
            labels[frame] = _nodes[path].Label;
            if (_nodes[path].Word >= 0)
            {
                words.Add((frame, _nodes[path].Word));
            }
        }

        words.Reverse();
        return (labels, words);
    }

    private struct Node
    {
        public int Parent, Label, Word;
    }
}
