namespace Data2Vec.Training.Data;

/// <summary>A recording that a list or a folder names.</summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Key">The path in the list, or below the folder.</param>
/// <param name="Name">What messages call it.</param>
/// <param name="Transcript">What is said in it; null without transcripts.</param>
/// <param name="Letters">The line of a <c>.ltr</c> file: labels between spaces. Null if the transcript is plain text.</param>
/// <param name="ListedSamples">The number of samples that the list gives, or null.</param>
/// <param name="Label">The name of its class, or null.</param>
internal sealed record RecordingSource(
    string Path, string Key, string Name, string? Transcript = null, string? Letters = null, long? ListedSamples = null, string? Label = null);

/// <summary>The recordings of a data set.</summary>
/// <param name="Name">The file or folder as the user gave it.</param>
/// <param name="Recordings">The recordings.</param>
internal sealed record RecordingList(string Name, IReadOnlyList<RecordingSource> Recordings);
