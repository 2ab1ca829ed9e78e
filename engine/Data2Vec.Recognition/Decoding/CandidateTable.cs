using System.Runtime.CompilerServices;

namespace Data2Vec.Recognition.Decoding;

/// <summary>The hypotheses that a frame offers. The same ones are merged, and those that cannot stay are dropped early.</summary>
internal sealed class CandidateTable
{
    // Scores are counted in buckets, so that it is seen when as many as stay are better than some score.
    private const int Buckets = 512;
    private const double BucketRange = 48;

    private readonly int _beam;
    private readonly bool _logAdd;
    private readonly double _threshold;
    private readonly int[] _counts = new int[Buckets];
    private Candidate[] _candidates = new Candidate[1 << 10];
    private int[] _slots = new int[1 << 12];
    private int _shift = 64 - 12, _count;
    private double _best, _bucketStart, _bucketsPerUnit;
    private int _floorBucket, _above;
    private double[] _keys = new double[1 << 10];
    private int[] _order = new int[1 << 10];

    /// <param name="beam">The number of candidates that stay.</param>
    /// <param name="threshold">Candidates this much below the best are dropped.</param>
    /// <param name="logAdd">Whether the probabilities of the same candidates are added; otherwise the better one stays.</param>
    public CandidateTable(int beam, double threshold, bool logAdd) => (_beam, _threshold, _logAdd) = (beam, threshold, logAdd);

    /// <summary>The score below which candidates are dropped. It rises while candidates are offered.</summary>
    public double Floor { get; private set; }

    /// <summary>Begins a frame.</summary>
    /// <param name="best">A score that some candidate will have.</param>
    public void Begin(double best)
    {
        for (int i = 0; i < _count; i++)
        {
            _slots[_candidates[i].Slot] = 0;
        }

        Array.Clear(_counts);
        (_count, _floorBucket, _above) = (0, 0, 0);
        if (_logAdd)
        {
            // What is dropped late adds to the sum, so that only the order of the offers decides.
            (_best, Floor) = (double.MinValue, double.MinValue);
            return;
        }

        double range = Math.Min(_threshold, BucketRange);
        _best = best;
        Floor = Math.Max(best - _threshold, double.MinValue);
        _bucketStart = best - range;
        _bucketsPerUnit = Buckets / (range + 8);
    }

    /// <summary>Offers a candidate.</summary>
    /// <param name="score">Its score, not below <see cref="Floor"/>.</param>
    /// <param name="position">Where it is in the lexicon, with its last label.</param>
    /// <param name="context">The words before.</param>
    /// <param name="node">Its node in the lexicon.</param>
    /// <param name="label">Its last label.</param>
    /// <param name="parent">The hypothesis that it continues.</param>
    /// <param name="word">The word that ends, or -1.</param>
    public void Offer(double score, int position, int context, int node, int label, int parent, int word)
    {
        if (score > _best)
        {
            _best = score;
            Floor = Math.Max(Floor, score - _threshold);
        }

        ulong key = (ulong)(uint)context << 32 | (uint)position;
        int mask = _slots.Length - 1;
        int slot = (int)(key * 0x9E3779B97F4A7C15 >> _shift);
        while (_slots[slot] != 0)
        {
            ref Candidate same = ref _candidates[_slots[slot] - 1];
            if (same.Key == key)
            {
                Merge(ref same, score, parent, word);
                return;
            }

            slot = (slot + 1) & mask;
        }

        if (_count == _candidates.Length)
        {
            Array.Resize(ref _candidates, _count * 2);
        }

        _candidates[_count++] = new Candidate { Key = key, Score = score, Context = context, Node = node, Label = label, Parent = parent, Word = word, Slot = slot };
        _slots[slot] = _count;
        if (_count * 3 > _slots.Length)
        {
            Rehash();
        }

        if (!_logAdd)
        {
            Count(score);
        }
    }

    /// <summary>Selects the candidates that stay, best first. Of equal ones that was offered first comes first.</summary>
    /// <returns>Their indices for <see cref="this[int]"/>.</returns>
    public ReadOnlySpan<int> Select()
    {
        double floor = _logAdd ? _best - _threshold : Math.Max(Floor, _best - _threshold);
        if (_keys.Length < _count)
        {
            _keys = new double[_candidates.Length];
            _order = new int[_candidates.Length];
        }

        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            double score = _candidates[i].Score;
            if (!(score < floor))
            {
                _keys[kept] = -score;
                _order[kept++] = i;
            }
        }

        RankedOrder.Sort(_keys, _order, kept);
        return _order.AsSpan(0, Math.Min(kept, _beam));
    }

    /// <summary>A candidate.</summary>
    public ref readonly Candidate this[int index] => ref _candidates[index];

    private void Merge(ref Candidate same, double score, int parent, int word)
    {
        double top = Math.Max(same.Score, score), low = Math.Min(same.Score, score);
        if (score > same.Score)
        {
            (same.Score, same.Parent, same.Word) = (score, parent, word);
        }

        if (_logAdd)
        {
            same.Score = top + Math.Log(1 + Math.Exp(low - top));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(double score)
    {
        int bucket = (int)((score - _bucketStart) * _bucketsPerUnit);
        bucket = Math.Clamp(bucket, 0, Buckets - 1);
        _counts[bucket]++;
        if (bucket < _floorBucket || ++_above - _counts[_floorBucket] < _beam)
        {
            return;
        }

        while (_floorBucket < Buckets - 1 && _above - _counts[_floorBucket] >= _beam)
        {
            _above -= _counts[_floorBucket++];
        }

        Floor = Math.Max(Floor, _bucketStart + (_floorBucket / _bucketsPerUnit));
    }

    private void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        _shift--;
        int mask = _slots.Length - 1;
        for (int i = 0; i < _count; i++)
        {
            int slot = (int)(_candidates[i].Key * 0x9E3779B97F4A7C15 >> _shift);
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = i + 1;
            _candidates[i].Slot = slot;
        }
    }
}

/// <summary>A hypothesis that a frame offers.</summary>
internal struct Candidate
{
    public ulong Key;
    public double Score;
    public int Context, Node, Label, Parent, Word, Slot;
}
