using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Data2Vec.Recognition.Decoding;

/// <summary>A search of one recording with an <see cref="OpenVocabularyCtcDecoder"/>.</summary>
internal sealed class OpenSearch
{
    private const int NoLabel = -1, Nothing = -2;
    private static readonly double s_leastLogProbability = Math.Log(1e-15);

    private readonly OpenLabels _labels;
    private readonly OpenSearchOptions _options;
    private readonly OpenHistories _histories;
    private readonly PathArena _paths = new();
    private readonly Dictionary<Position, int> _places = [];
    private readonly List<Beam> _candidates = [];
    private readonly List<Beam> _beams = [];
    private readonly double[] _logProbabilities;
    private readonly int _lookBack;
    private double[] _keys = new double[1 << 8];
    private int[] _order = new int[1 << 8];

    public OpenSearch(KnownWords words, OpenLabels labels, OpenSearchOptions options)
    {
        (_labels, _options) = (labels, options);
        _histories = new OpenHistories(words, labels.Letters);
        _logProbabilities = new double[labels.Letters.Length];
        _lookBack = Math.Max(1, (words.Model?.Order ?? 1) - 1);
        _beams.Add(new Beam(new Position(OpenHistories.Empty, OpenHistories.Empty, NoLabel), 0, PathArena.Empty, 0));
    }

    /// <summary>Searches a frame.</summary>
    public void Add(ReadOnlySpan<float> logits)
    {
        int best = SetLogProbabilities(logits);
        _places.Clear();
        _candidates.Clear();
        ReadOnlySpan<Beam> beams = CollectionsMarshal.AsSpan(_beams);
        for (int label = 0; label < logits.Length; label++)
        {
            if (_logProbabilities[label] >= _options.LabelThreshold || label == best)
            {
                for (int i = 0; i < beams.Length; i++)
                {
                    Offer(beams[i], i, label);
                }
            }
        }

        Select();
        Compact();
    }

    /// <summary>Ends the text.</summary>
    /// <returns>The scores, texts and paths, best first.</returns>
    public IEnumerable<(double Score, string Text, int Path)> End()
    {
        var ends = new List<(int History, double Acoustic, int Path)>();
        var places = new Dictionary<int, int>();
        foreach (Beam beam in _beams)
        {
            int history = beam.Position.Word == OpenHistories.Empty ? beam.Position.History : _histories.Append(beam.Position.History, beam.Position.Word);
            if (places.TryGetValue(history, out int place))
            {
                // The path of the later one, as in the frames before.
                ends[place] = (history, LogAdd(ends[place].Acoustic, beam.Acoustic), beam.Parent);
            }
            else
            {
                places.Add(history, ends.Count);
                ends.Add((history, beam.Acoustic, beam.Parent));
            }
        }

        return ends.Select(end => (Score: end.Acoustic + _histories.Score(end.History) + _histories.ScoreEnd(end.History), Text: _histories.Text(end.History), end.Path))
            .OrderByDescending(end => end.Score);
    }

    /// <summary>Reads a path.</summary>
    public int[] Trace(int path, int frames) => _paths.Trace(path, frames).Labels;

    private int SetLogProbabilities(ReadOnlySpan<float> logits)
    {
        int best = TensorPrimitives.IndexOfMax(logits);
        double largest = logits[best], sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            sum += Math.Exp(logits[i] - largest);
        }

        double normalizer = Math.Log(sum) + largest;
        for (int i = 0; i < logits.Length; i++)
        {
            _logProbabilities[i] = Math.Min(0, Math.Max(logits[i] - normalizer, s_leastLogProbability));
        }

        return best;
    }

    private void Offer(in Beam beam, int index, int label)
    {
        (int history, int word, int last) = beam.Position;
        string letters = _labels.Letters[label];
        bool parts = _labels.Parts[label];
        bool isNothing = letters.Length == 0 && !parts;
        Position position;
        if (isNothing || label == last)
        {
            position = new Position(history, word, isNothing ? Nothing : label);
        }
        else
        {
            if (parts && word != OpenHistories.Empty)
            {
                history = _histories.Append(history, word);
                word = OpenHistories.Empty;
            }

            word = letters.Length > 0 ? _histories.Extend(word, label) : word;
            position = _labels.Ends[label] ? new Position(_histories.Append(history, word), OpenHistories.Empty, label) : new Position(history, word, label);
        }

        double acoustic = beam.Acoustic + _logProbabilities[label];
        ref int place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, position, out bool exists);
        if (exists)
        {
            // Times are those of the alignment that comes last, as in pyctcdecode, and not those of the most likely one.
            Span<Beam> candidates = CollectionsMarshal.AsSpan(_candidates);
            candidates[place] = new Beam(position, LogAdd(candidates[place].Acoustic, acoustic), index, label);
            return;
        }

        place = _candidates.Count;
        _candidates.Add(new Beam(position, acoustic, index, label));
    }

    private void Select()
    {
        if (_keys.Length < _candidates.Count)
        {
            _keys = new double[_candidates.Count * 2];
            _order = new int[_keys.Length];
        }

        double best = double.NegativeInfinity;
        for (int i = 0; i < _candidates.Count; i++)
        {
            Beam candidate = _candidates[i];
            double score = candidate.Acoustic + _histories.Score(candidate.Position.History) + _histories.BegunScore(candidate.Position.Word);
            _keys[i] = -score;
            best = Math.Max(best, score);
        }

        int kept = 0;
        for (int i = 0; i < _candidates.Count; i++)
        {
            if (-_keys[i] >= best - _options.Threshold)
            {
                _keys[kept] = _keys[i];
                _order[kept++] = i;
            }
        }

        RankedOrder.Sort(_keys, _order, kept);
        Keep(_order.AsSpan(0, Math.Min(kept, _options.Beam)));
    }

    private void Keep(ReadOnlySpan<int> kept)
    {
        HashSet<LastWords>? seen = _options.PruneHistories ? [] : null;
        var next = new List<Beam>(kept.Length);
        foreach (int index in kept)
        {
            Beam candidate = _candidates[index];
            if (seen is not null)
            {
                int[] words = new int[_lookBack];
                _histories.LastWords(candidate.Position.History, words);
                if (!seen.Add(new LastWords(words, candidate.Position)))
                {
                    continue;
                }
            }

            next.Add(candidate with { Parent = _paths.Add(_beams[candidate.Parent].Parent, candidate.Label, -1) });
        }

        _beams.Clear();
        _beams.AddRange(next);
    }

    private void Compact()
    {
        if (!_paths.IsFull && !_histories.IsFull)
        {
            return;
        }

        int[] paths = [.. _beams.Select(beam => beam.Parent)];
        int[] histories = [.. _beams.Select(beam => beam.Position.History)];
        int[] words = [.. _beams.Select(beam => beam.Position.Word)];
        if (_paths.IsFull)
        {
            _paths.Compact(paths);
        }

        if (_histories.IsFull)
        {
            _histories.Compact(histories, words);
        }

        for (int i = 0; i < paths.Length; i++)
        {
            _beams[i] = _beams[i] with { Parent = paths[i], Position = new Position(histories[i], words[i], _beams[i].Position.Last) };
        }
    }

    private static double LogAdd(double a, double b) => Math.Max(a, b) + Math.Log(1 + Math.Exp(-Math.Abs(a - b)));

    /// <summary>What makes hypotheses the same.</summary>
    private readonly record struct Position(int History, int Word, int Last);

    /// <summary>A hypothesis. Its parent is the path behind it, or while it is only offered, the hypothesis that it continues.</summary>
    private readonly record struct Beam(Position Position, double Acoustic, int Parent, int Label);

    private readonly record struct LastWords(int[] Words, Position Position)
    {
        public bool Equals(LastWords other) => Position.Word == other.Position.Word && Position.Last == other.Position.Last && Words.AsSpan().SequenceEqual(other.Words);

        public override int GetHashCode()
        {
            int hash = HashCode.Combine(Position.Word, Position.Last);
            foreach (int word in Words)
            {
                hash = HashCode.Combine(hash, word);
            }

            return hash;
        }
    }
}
