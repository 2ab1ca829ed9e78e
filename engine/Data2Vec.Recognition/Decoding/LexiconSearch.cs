using System.Numerics.Tensors;

namespace Data2Vec.Recognition.Decoding;

/// <summary>A search of one recording with a <see cref="LexiconCtcDecoder"/>.</summary>
internal sealed class LexiconSearch
{
    // Labels that cannot occur, with a logit of minus infinity, get one that sums can hold.
    private const float Impossible = 1e6f;

    private readonly LexiconSearchOptions _options;
    private readonly LexiconScores _scores;
    private readonly WordContexts _contexts;
    private readonly CandidateTable _candidates;
    private readonly PathArena _paths = new();
    private readonly int _blank, _silence;
    private readonly float[] _frame, _wordFrame;
    private readonly int[] _labelOrder;
    private Hypothesis[] _hypotheses, _next;
    private int _count = 1;

    public LexiconSearch(LexiconScores scores, LexiconSearchOptions options, HypothesisMerging merging, int labels, int blank, int silence)
    {
        (_scores, _options, _blank, _silence) = (scores, options, blank, silence);
        _contexts = new WordContexts(scores.Model, scores.ModelWords, merging);
        _candidates = new CandidateTable(options.Beam, options.Threshold, options.LogAdd);
        _frame = new float[labels];
        _wordFrame = new float[labels];
        _labelOrder = new int[labels];
        _hypotheses = new Hypothesis[Math.Min(options.Beam, 1 << 12)];
        _next = new Hypothesis[_hypotheses.Length];
        _hypotheses[0] = new Hypothesis { Context = WordContexts.Start, Node = LexiconTrie.Root, Label = silence, Path = PathArena.Empty };
    }

    /// <summary>Searches a frame.</summary>
    public void Add(ReadOnlySpan<float> logits)
    {
        SetFrame(logits);
        _candidates.Begin(Staying());
        for (int i = 0; i < _count; i++)
        {
            Expand(i);
        }

        ReadOnlySpan<int> kept = _candidates.Select();
        if (kept.Length > _next.Length)
        {
            _next = new Hypothesis[Math.Min(_options.Beam, kept.Length * 2)];
        }

        for (int i = 0; i < kept.Length; i++)
        {
            ref readonly Candidate candidate = ref _candidates[kept[i]];
            _next[i] = new Hypothesis
            {
                Score = candidate.Score,
                Context = candidate.Context,
                Node = candidate.Node,
                Label = candidate.Label,
                Path = _paths.Add(_hypotheses[candidate.Parent].Path, candidate.Label, candidate.Word),
            };
        }

        (_hypotheses, _next) = (_next, _hypotheses);
        _count = kept.Length;
        Compact();
    }

    /// <summary>Ends the text.</summary>
    /// <returns>The scores and paths of the hypotheses, best first.</returns>
    public IReadOnlyList<(double Score, int Path)> End()
    {
        ReadOnlySpan<Hypothesis> hypotheses = _hypotheses.AsSpan(0, _count);
        bool isEnded = false;
        foreach (ref readonly Hypothesis hypothesis in hypotheses)
        {
            isEnded |= hypothesis.Node == LexiconTrie.Root;
        }

        var ends = new List<(double Score, int Path)>();
        foreach (ref readonly Hypothesis hypothesis in hypotheses)
        {
            if (!isEnded || hypothesis.Node == LexiconTrie.Root)
            {
                ends.Add((hypothesis.Score + (_options.ModelWeight * _contexts.ScoreEnd(hypothesis.Context)), hypothesis.Path));
            }
        }

        return [.. ends.OrderByDescending(end => end.Score)];
    }

    /// <summary>Reads the path of a hypothesis.</summary>
    public (int[] Labels, List<(int Frame, int Word)> Words) Trace(int path, int frames) => _paths.Trace(path, frames);

    private void SetFrame(ReadOnlySpan<float> logits)
    {
        float least = TensorPrimitives.Max(logits) - Impossible;
        TensorPrimitives.Max(logits, least, _frame);
        _frame.CopyTo(_wordFrame, 0);
        if (_options.BeamLabels is { } count && count < _frame.Length)
        {
            for (int i = 0; i < _labelOrder.Length; i++)
            {
                _labelOrder[i] = i;
            }

            Array.Sort(_labelOrder, (a, b) => _frame[b].CompareTo(_frame[a]) is not 0 and var difference ? difference : a.CompareTo(b));
            foreach (int label in _labelOrder.AsSpan(count))
            {
                _wordFrame[label] = float.NegativeInfinity;
            }
        }
    }

    // The best score without a new label.
    private double Staying()
    {
        double best = double.MinValue;
        foreach (ref readonly Hypothesis hypothesis in _hypotheses.AsSpan(0, _count))
        {
            best = Math.Max(best, hypothesis.Score);
        }

        return best + _frame[_blank];
    }

    private void Expand(int parent)
    {
        Hypothesis hypothesis = _hypotheses[parent];
        TrieNode[] nodes = _scores.Nodes;
        ref readonly TrieNode node = ref nodes[hypothesis.Node];
        bool isRoot = hypothesis.Node == LexiconTrie.Root;
        double ahead = isRoot ? 0 : node.Ahead;
        double weight = _options.ModelWeight;
        int end = nodes[hypothesis.Node + 1].FirstChild;
        for (int child = node.FirstChild; child < end; child++)
        {
            ref readonly TrieNode to = ref nodes[child];
            int label = to.Label;
            double score = hypothesis.Score + _wordFrame[label] + (label == _silence ? _options.SilenceScore : 0);
            bool isRepeated = label == hypothesis.Label;
            if (!isRepeated && nodes[child + 1].FirstChild > to.FirstChild)
            {
                Offer(score + (to.Ahead - ahead), hypothesis.Context, child, label, parent, -1);
            }

            if (isRoot && isRepeated)
            {
                continue; // a word of one label again, without a blank between
            }

            int lastWord = nodes[child + 1].FirstWord;
            for (int i = to.FirstWord; i < lastWord; i++)
            {
                int word = _scores.Words[i];
                if (score < double.MinValue)
                {
                    break;
                }

                float p = _contexts.Score(hypothesis.Context, word, out int next);
                Offer(score + (weight * p) + _scores.WordScores[word] - ahead, next, LexiconTrie.Root, label, parent, word);
            }

            if (to.FirstWord == lastWord && _options.UnknownScore > double.NegativeInfinity && score >= double.MinValue)
            {
                float p = _contexts.Score(hypothesis.Context, LexiconScores.UnknownWord, out int next);
                Offer(score + (weight * p) + _options.UnknownScore - ahead, next, LexiconTrie.Root, label, parent, _scores.UnknownIndex);
            }
        }

        bool isBlank = hypothesis.Label == _blank;
        int same = isRoot ? _silence : hypothesis.Label;
        if (same >= 0 && (!isBlank || isRoot))
        {
            Offer(hypothesis.Score + _frame[same] + (same == _silence ? _options.SilenceScore : 0), hypothesis.Context, hypothesis.Node, same, parent, -1);
        }

        Offer(hypothesis.Score + _frame[_blank], hypothesis.Context, hypothesis.Node, _blank, parent, -1);
    }

    private void Offer(double score, int context, int node, int label, int parent, int word)
    {
        if (score < _candidates.Floor)
        {
            return;
        }

        // Within a word, the node says what the last label is unless it is the blank.
        int position = node == LexiconTrie.Root ? (2 * _scores.Nodes.Length) + label + 1 : (2 * node) + (label == _blank ? 1 : 0);
        _candidates.Offer(score, position, context, node, label, parent, word);
    }

    private void Compact()
    {
        if (_paths.IsFull)
        {
            int[] paths = new int[_count];
            for (int i = 0; i < _count; i++)
            {
                paths[i] = _hypotheses[i].Path;
            }

            _paths.Compact(paths);
            for (int i = 0; i < _count; i++)
            {
                _hypotheses[i].Path = paths[i];
            }
        }

        if (_contexts.IsFull)
        {
            int[] contexts = new int[_count];
            for (int i = 0; i < _count; i++)
            {
                contexts[i] = _hypotheses[i].Context;
            }

            _contexts.Compact(contexts);
            for (int i = 0; i < _count; i++)
            {
                _hypotheses[i].Context = contexts[i];
            }
        }
    }

    private struct Hypothesis
    {
        public double Score;
        public int Context, Node, Label, Path;
    }
}
