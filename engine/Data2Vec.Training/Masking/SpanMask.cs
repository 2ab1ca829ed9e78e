using System.Buffers;
using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Masking;

/// <summary>
/// Masks spans of frames: <c>compute_mask_indices</c> of fairseq (<c>fairseq/data/data_utils.py</c>) with static lengths and overlaps, as
/// wav2vec 2.0 and data2vec use it. The defaults are those of data2vec audio's pretraining. The same procedure masks channels in fine-tuning.
/// </summary>
/// <remarks>
/// Short sequences differ: where fairseq's spans do not fit and it stops with an error, or masks the last frame, spans are shortened here.
/// So the last frame of a sequence is never masked, and no sequence is masked entirely. One of a single frame has no mask.
/// </remarks>
public sealed record SpanMask
{
    /// <summary>The share of frames that the spans would mask if they did not overlap (fairseq: <c>mask_prob</c>).</summary>
    public double Probability { get; init; } = 0.65;

    /// <summary>Frames in a span (<c>mask_length</c>).</summary>
    public int Length { get; init; } = 10;

    /// <summary>Spans that a sequence has at least (<c>min_masks</c>): 1 for frames, 0 for channels.</summary>
    public int MinimumSpans { get; init; } = 1;

    /// <summary>
    /// Whether all sequences of a batch get as many masked frames as the one with the fewest (<c>require_same_masks</c>). Padded batches need it,
    /// packed ones do not. It breaks spans where lengths differ, and makes a mask depend on the batch: a single frame leaves all without a mask.
    /// </summary>
    public bool RequireSameMasks { get; init; }

    /// <summary>The share of masked frames that is unmasked at the end (<c>mask_dropout</c>).</summary>
    public double MaskDropout { get; init; }

    /// <summary>Draws the masks of a batch.</summary>
    /// <param name="source">The random numbers of this update.</param>
    /// <param name="items">The number of each sequence in the data.</param>
    /// <param name="lengths">The frames of each sequence.</param>
    /// <param name="mask">Receives true for masked frames: the sequences one after another, without padding.</param>
    /// <exception cref="ArgumentException">A property is out of range, or the lengths do not fit the other arguments.</exception>
    public void Draw(RandomSource source, ReadOnlySpan<long> items, ReadOnlySpan<int> lengths, Span<bool> mask)
    {
        Check(items, lengths, mask);
        mask.Clear();
        int fewest = int.MaxValue;
        int start = 0;
        var sequences = new RandomSequence[lengths.Length];
        for (int i = 0; i < lengths.Length; i++)
        {
            sequences[i] = source.Sequence(items[i]);
            Span<bool> sequence = mask.Slice(start, lengths[i]);
            DrawSpans(sequences[i], sequence);
            fewest = Math.Min(fewest, sequence.Count(true));
            start += lengths[i];
        }

        start = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            Span<bool> sequence = mask.Slice(start, lengths[i]);
            if (RequireSameMasks)
            {
                Unmask(sequences[i], sequence, sequence.Count(true) - fewest);
            }

            if (MaskDropout > 0)
            {
                Unmask(sequences[i], sequence, (int)Math.Round(sequence.Count(true) * MaskDropout));
            }

            start += lengths[i];
        }
    }

    private void DrawSpans(RandomSequence random, Span<bool> sequence)
    {
        int frames = sequence.Length;

        // A random number decides how to round, so that the mean is exact.
        int spans = Math.Max(MinimumSpans, (int)((Probability * frames / Length) + random.NextDouble()));
        int length = Length;
        if (frames - length <= spans)
        {
            length = Math.Max(1, frames - spans - 1);
        }

        spans = Math.Min(spans, Math.Max(0, frames - length));
        int[] starts = ArrayPool<int>.Shared.Rent(spans);
        Span<int> chosen = starts.AsSpan(0, spans);
        random.Sample(Math.Max(0, frames - length), chosen);
        foreach (int first in chosen)
        {
            sequence.Slice(first, length).Fill(true);
        }

        ArrayPool<int>.Shared.Return(starts);
    }

    /// <summary>Unmasks a number of random frames.</summary>
    private static void Unmask(RandomSequence random, Span<bool> sequence, int count)
    {
        if (count <= 0)
        {
            return;
        }

        var masked = new List<int>(sequence.Length);
        for (int i = 0; i < sequence.Length; i++)
        {
            if (sequence[i])
            {
                masked.Add(i);
            }
        }

        int[] chosen = new int[count];
        random.Sample(masked.Count, chosen);
        foreach (int i in chosen)
        {
            sequence[masked[i]] = false;
        }
    }

    private void Check(ReadOnlySpan<long> items, ReadOnlySpan<int> lengths, Span<bool> mask)
    {
        if (Probability is not (>= 0 and <= 1) || MaskDropout is not (>= 0 and <= 1))
        {
            throw new ArgumentException($"The mask's probability {Probability} and dropout {MaskDropout} must be between 0 and 1.");
        }

        if (Length < 1 || MinimumSpans < 0)
        {
            throw new ArgumentException($"The mask's length {Length} must be positive, and its minimum of spans {MinimumSpans} not negative.");
        }

        long total = 0;
        foreach (int length in lengths)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(lengths));
            total += length;
        }

        if (items.Length != lengths.Length || total != mask.Length)
        {
            throw new ArgumentException($"{lengths.Length} lengths with {total} frames do not fit {items.Length} items and a mask of {mask.Length}.");
        }
    }
}
