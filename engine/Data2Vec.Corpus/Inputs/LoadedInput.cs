using Data2Vec.Audio;
using Data2Vec.Vision.Images;

namespace Data2Vec.Corpus;

/// <summary>An input that was read and decoded.</summary>
internal sealed class LoadedInput
{
    /// <summary>The text; of an image, the text in it.</summary>
    public string? Text { get; init; }

    public RgbImage? Image { get; init; }

    public Waveform? Recording { get; init; }

    /// <summary>A recording that is too long to wait in memory; it is read while it goes through the model.</summary>
    public StreamedRecording? Streamed { get; init; }
}
