namespace Data2Vec.Audio;

/// <summary>Options of a transcription.</summary>
public sealed record TranscribeOptions : InputOptions
{
    /// <summary>Finds the words in the model's outputs; null for a <see cref="GreedyCtcDecoder"/>. Its labels must be those of the model (<see cref="SpeechModel.Ctc"/>).</summary>
    public CtcDecoder? Decoder { get; init; }

    /// <summary>
    /// How the recording is split at pauses; null to transcribe it as one. Each part is transcribed alone. Recordings are then not cut into windows, whatever
    /// <see cref="InputOptions.LongRecordings"/> says.
    /// </summary>
    public SilenceSplitting? Silence { get; init; }
}
