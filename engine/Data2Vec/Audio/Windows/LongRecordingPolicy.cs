namespace Data2Vec.Audio;

/// <summary>The treatment of recordings that are longer than <see cref="RecordingWindows.LongestWhole"/>.</summary>
public enum LongRecordingPolicy
{
    /// <summary>Run overlapping windows through the model, each alone, and join what it says.</summary>
    Chunk,

    /// <summary>Run the whole recording at once. Memory and time grow with the square of its length.</summary>
    Whole,

    /// <summary>Throw <see cref="InvalidDataException"/>.</summary>
    Error,
}
