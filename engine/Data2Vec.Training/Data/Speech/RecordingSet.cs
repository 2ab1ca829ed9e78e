using Data2Vec.Audio;

namespace Data2Vec.Training.Data;

/// <summary>The recordings of a list that exist and are neither too short nor too long, with their lengths in samples at the model's rate.</summary>
internal sealed class RecordingSet
{
    private readonly List<(RecordingSource Source, int Samples)> _recordings = [];

    /// <param name="list">The recordings.</param>
    /// <param name="options">How they are read.</param>
    /// <param name="skipped">Receives those that are left out.</param>
    /// <param name="maxSamples">The length above which recordings are left out.</param>
    public RecordingSet(RecordingList list, SpeechOptions options, SkippedItems skipped, int maxSamples)
    {
        Options = options;
        var lengths = RecordingLengths.Measure(list.Recordings, options.Audio, options.LengthsFile);
        for (int i = 0; i < lengths.Length; i++)
        {
            (RecordingSource source, (RecordingLength length, string? problem)) = (list.Recordings[i], lengths[i]);
            if (problem is not null)
            {
                skipped.AddBad(source.Name, problem);
                continue;
            }

            long samples = length.At(options.SampleRate);
            if (source.ListedSamples is { } listed && listed != length.Samples && listed != samples)
            {
                // The true length is known, so the recording can be used. The list is out of date, which its user should know.
                Notes.Add(new SkippedItem(source.Name, $"the list gives {listed} samples, and the recording has {length.Samples}; its own length is used", IsBad: false));
            }

            if (samples == 0)
            {
                skipped.AddBad(source.Name, "the recording is empty");
            }
            else if (samples < options.MinSamples)
            {
                skipped.Add(source.Name, $"{Seconds(samples)} are shorter than the least of {Seconds(options.MinSamples)}");
            }
            else if (samples > maxSamples)
            {
                skipped.Add(source.Name, $"{Seconds(samples)} are longer than the most of {Seconds(maxSamples)}");
            }
            else if (options.Frames?.Invoke((int)Math.Min(samples, int.MaxValue)) < 1)
            {
                skipped.Add(source.Name, $"{samples} samples are too short for one frame of the model");
            }
            else
            {
                _recordings.Add((source, (int)samples));
            }
        }
    }

    public SpeechOptions Options { get; }

    /// <summary>What the user should know of recordings that are used all the same.</summary>
    public List<SkippedItem> Notes { get; } = [];

    public int Count => _recordings.Count;

    public RecordingSource Source(int item) => _recordings[item].Source;

    /// <summary>The number of samples at the model's rate.</summary>
    public int Samples(int item) => _recordings[item].Samples;

    /// <summary>Removes recordings for a reason that is known only after their length.</summary>
    public void RemoveWhere(Func<RecordingSource, int, bool> isUnusable) => _recordings.RemoveAll(recording => isUnusable(recording.Source, recording.Samples));

    /// <summary>The samples of a recording as the model reads them.</summary>
    /// <exception cref="InvalidDataException">The recording is damaged, or has another length than before.</exception>
    public float[] Load(int item)
    {
        using FileStream stream = File.OpenRead(_recordings[item].Source.Path);
        Waveform recording = AudioFile.Load(stream, Options.Audio with { Warning = null }).Resample(Options.SampleRate);
        if (recording.Samples.Length != _recordings[item].Samples)
        {
            // Batches were planned with the other length: a longer recording could exceed the memory.
            throw new InvalidDataException($"the recording has {recording.Samples.Length} samples, and its header announced {_recordings[item].Samples}; it is damaged or has changed");
        }

        return Options.Normalize ? Normalization.PerUtterance(recording.Samples) : recording.Samples;
    }

    private string Seconds(long samples) => FormattableString.Invariant($"{(double)samples / Options.SampleRate:0.###} s");
}
