using System.Runtime.InteropServices;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Audio;

/// <summary>
/// The outputs of a model whose words are not final yet. A word is final when another word or a pause follows it, so that it cannot go on.
/// </summary>
/// <param name="builder">Reads the outputs.</param>
/// <param name="config">The model.</param>
internal sealed class FinalWords(TranscriptBuilder builder, AudioConfig config)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1); // after it a word does not go on
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30); // labels without white space: everything is one word

    private readonly List<float> _logits = [];
    private readonly CtcLabels _labels = builder.Labels;
    private long _first; // the number of the first frame in _logits

    /// <summary>The time of a sample at the model's rate.</summary>
    public TimeSpan Time(long samples) => builder.Time(samples);

    /// <summary>Takes the outputs that count of a complete window.</summary>
    public void Append(RecordingWindow window, ReadOnlySpan<float> logits) => _logits.AddRange(window.Kept(logits));

    /// <summary>Returns the words that are final now, and forgets their outputs.</summary>
    public TranscriptUpdate? Take()
    {
        CtcTranscript found = Decode();
        int frames = found.Path.Count, words = found.Words.Count;
        if (frames >= Frames(s_longest))
        {
            return Take(found, words, frames);
        }

        if (words == 0)
        {
            return Take(found, 0, NextLetter(0, frames));
        }

        int last = found.Words[^1].StartFrame, end = found.Words[^1].EndFrame;
        if (frames - end >= Frames(s_pause) && NextLetter(end, frames) == frames)
        {
            return Take(found, words, frames);
        }

        // The last word may go on. Its outputs are kept, and those between it and the word before.
        int cut = words == 1 ? NextLetter(0, last) : found.Words[^2].EndFrame;
        while (words > 1 && cut < last && IsLetter(cut))
        {
            cut++;
        }

        return Take(found, words - 1, cut);
    }

    /// <summary>Returns all words.</summary>
    public TranscriptUpdate? TakeAll()
    {
        CtcTranscript found = Decode();
        return Take(found, found.Words.Count, found.Path.Count);
    }

    /// <summary>What follows the final words, if the sound ended with a window.</summary>
    public TranscriptUpdate Tentative(RecordingWindow window, ReadOnlySpan<float> logits)
    {
        CtcTranscript found = builder.Decode([.. _logits, .. window.Kept(logits)]);
        return Update(found, found.Words.Count, isFinal: false);
    }

    private CtcTranscript Decode() => builder.Decode(CollectionsMarshal.AsSpan(_logits));

    private TranscriptUpdate? Take(CtcTranscript found, int words, int frames)
    {
        TranscriptUpdate? update = words > 0 ? Update(found, words, isFinal: true) : null;
        _logits.RemoveRange(0, frames * _labels.Texts.Count);
        _first += frames;
        return update;
    }

    private TranscriptUpdate Update(CtcTranscript found, int count, bool isFinal)
    {
        long start = _first * config.SamplesPerFrame;
        TranscriptWord[] words = [.. found.Words.Take(count).Select(word => builder.Word(word, start))];
        return new TranscriptUpdate(
            isFinal, string.Join(' ', words.Select(word => word.Text)), words is [var begin, ..] ? begin.Start : Time(start), words is [.., var last] ? last.End : Time(start), words);
    }

    private int NextLetter(int frame, int end)
    {
        while (frame < end && !IsLetter(frame))
        {
            frame++;
        }

        return frame;
    }

    /// <summary>Whether the best label of a frame is a letter. The path of a search of whole words lacks those of a word that has only begun.</summary>
    private bool IsLetter(int frame)
    {
        int count = _labels.Texts.Count, label = TensorPrimitives.IndexOfMax(CollectionsMarshal.AsSpan(_logits).Slice(frame * count, count));
        return label != _labels.Blank && !string.IsNullOrWhiteSpace(_labels.Texts[label]);
    }

    private int Frames(TimeSpan time) => (int)(time.TotalSeconds * config.SampleRate / config.SamplesPerFrame);
}
