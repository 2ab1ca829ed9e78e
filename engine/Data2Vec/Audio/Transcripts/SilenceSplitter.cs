using System.Runtime.InteropServices;

namespace Data2Vec.Audio;

/// <summary>
/// Splits a recording at pauses while it comes. It decides about a part when twice the longest part is at hand, whatever the blocks are in which the recording
/// comes.
/// </summary>
internal sealed class SilenceSplitter
{
    private const int BlocksPerSecond = 100;
    private const float Silent = -100; // dB of full scale; also the level of digital silence
    private const float MuchQuieter = 35; // than the loudest parts of the recording so far: nobody speaks here
    private const float ClearPauses = 10; // less than this between loud and quiet: there are none
    private const float QuietShare = 0.3f; // of the way from quiet to loud
    private const float WidestRange = 50;
    private const double LoudPart = 0.99, QuietPart = 0.1;
    private const int ClickBlocks = 4; // a shorter sound is no speech
    private const int CutBlocks = 20; // the width of the quietest place

    private readonly Action<long, ReadOnlySpan<float>> _receive;
    private readonly int _block, _pause, _longest, _padding, _least;
    private readonly List<float> _samples = [];
    private readonly List<float> _levels = []; // of the whole blocks in _samples, in dB
    private float _loudest = Silent;
    private long _first; // the number of the first sample in _samples
    private bool _goesOn; // whether the last part was cut where nobody pauses

    /// <summary>Starts a recording.</summary>
    /// <param name="options">How it is split.</param>
    /// <param name="config">The model.</param>
    /// <param name="receive">Receives the number of a part's first sample, and its samples.</param>
    public SilenceSplitter(SilenceSplitting options, AudioConfig config, Action<long, ReadOnlySpan<float>> receive)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ShortestPause, TimeSpan.FromSeconds(0.02), nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LongestSegment, TimeSpan.FromSeconds(1), nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.LongestSegment, TimeSpan.FromMinutes(10), nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Padding, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Padding, options.LongestSegment, nameof(options));
        _receive = receive;
        _block = Math.Max(1, config.SampleRate / BlocksPerSecond);
        (_longest, _padding, _least) = (Blocks(options.LongestSegment), Blocks(options.Padding), config.SamplesFor(1));
        _pause = Math.Min(Blocks(options.ShortestPause), _longest);

        int Blocks(TimeSpan time) => (int)Math.Ceiling(time.TotalSeconds * config.SampleRate / _block);
    }

    /// <summary>The parts of a recording in memory, as one window each.</summary>
    public static IReadOnlyList<IReadOnlyList<RecordingWindow>> Split(ReadOnlySpan<float> samples, SilenceSplitting options, AudioConfig config)
    {
        var parts = new List<IReadOnlyList<RecordingWindow>>();
        var splitter = new SilenceSplitter(options, config, (start, part) => parts.Add([WindowShape.Whole(config, start, part.Length)]));
        splitter.Append(samples);
        splitter.Complete();
        return parts;
    }

    /// <summary>The number of samples so far.</summary>
    public long Count => _first + _samples.Count;

    /// <summary>Takes samples at the model's rate.</summary>
    public void Append(ReadOnlySpan<float> samples)
    {
        while (!samples.IsEmpty)
        {
            int count = Math.Min(samples.Length, (_levels.Count + 1) * _block - _samples.Count);
            _samples.AddRange(samples[..count]);
            samples = samples[count..];
            if (_samples.Count == (_levels.Count + 1) * _block)
            {
                _levels.Add(Level(CollectionsMarshal.AsSpan(_samples)[^_block..]));
                if (_levels.Count >= 2 * _longest)
                {
                    Split(isEnd: false);
                }
            }
        }
    }

    /// <summary>Ends the recording.</summary>
    public void Complete()
    {
        while (_levels.Count > 0)
        {
            Split(isEnd: true);
        }
    }

    private static float Level(ReadOnlySpan<float> samples)
    {
        double sum = 0;
        foreach (float sample in samples)
        {
            sum += (double)sample * sample;
        }

        return Math.Max(Silent, (float)(10 * Math.Log10(sum / samples.Length)));
    }

    /// <summary>Finds the first part, or quiet to leave out.</summary>
    private void Split(bool isEnd)
    {
        float limit = Limit();
        ReadOnlySpan<float> levels = CollectionsMarshal.AsSpan(_levels);
        int start = 0;
        while (start < levels.Length && levels[start] < limit)
        {
            start++;
        }

        int most = isEnd ? levels.Length : levels.Length - _longest;
        if (start >= most)
        {
            // What comes may show that the end of this is not quiet.
            Drop(isEnd ? levels.Length : Math.Max(1, most - _padding));
            _goesOn = false;
            return;
        }

        int end = start, quiet = 0, sounds = 0;
        for (; end < levels.Length && quiet < _pause && end - start < _longest; end++)
        {
            quiet = levels[end] < limit ? quiet + 1 : 0;
            sounds += quiet == 0 ? 1 : 0;
        }

        bool isCut = quiet < _pause && end < levels.Length;
        int from = _goesOn && start == 0 ? 0 : Math.Max(0, start - _padding), cut = isCut ? QuietestPlace(levels, start, end) : end;
        int to = isCut ? cut : Math.Min(end - quiet + _padding, end);
        _goesOn = isCut;
        if (sounds >= ClickBlocks)
        {
            ReadOnlySpan<float> samples = CollectionsMarshal.AsSpan(_samples);
            samples = isEnd && to == levels.Length ? samples[(from * _block)..] : samples[(from * _block)..(to * _block)];
            if (samples.Length >= _least)
            {
                _receive(_first + from * _block, samples);
            }
        }

        // The padding of the next part may begin in this pause.
        Drop(isCut ? cut : Math.Max(to, end - _padding));
    }

    /// <summary>The level below which it is quiet.</summary>
    private float Limit()
    {
        float[] sorted = [.. _levels];
        Array.Sort(sorted);
        float loud = sorted[(int)(LoudPart * (sorted.Length - 1))], low = Math.Max(sorted[(int)(QuietPart * (sorted.Length - 1))], loud - WidestRange);
        _loudest = Math.Max(_loudest, loud);
        return loud <= Silent || loud < _loudest - MuchQuieter ? float.PositiveInfinity
            : loud - low < ClearPauses ? float.NegativeInfinity
            : low + QuietShare * (loud - low);
    }

    /// <summary>The middle of the quietest place in the second half of a part.</summary>
    private static int QuietestPlace(ReadOnlySpan<float> levels, int start, int end)
    {
        int best = end, first = start + (end - start) / 2, width = Math.Min(CutBlocks, end - first);
        float least = float.PositiveInfinity;
        for (int i = first; i + width <= end; i++)
        {
            float sum = 0;
            foreach (float level in levels.Slice(i, width))
            {
                sum += level;
            }

            (best, least) = sum < least ? (i + width / 2, sum) : (best, least);
        }

        return best;
    }

    private void Drop(int blocks)
    {
        int samples = blocks * _block;
        _levels.RemoveRange(0, blocks);
        _samples.RemoveRange(0, samples);
        _first += samples;
    }
}
