using System.Collections;

namespace Data2Vec.Audio;

/// <summary>The windows of recordings as inputs of a model. They are normalized when they are asked for, so that few of them are in memory.</summary>
/// <param name="config">The model.</param>
/// <param name="windows">The samples of a recording, and a window of them.</param>
internal sealed class WindowList(AudioConfig config, IReadOnlyList<(float[] Samples, RecordingWindow Window)> windows) : IReadOnlyList<ReadOnlyMemory<float>>
{
    public int Count => windows.Count;

    public ReadOnlyMemory<float> this[int index]
    {
        get
        {
            (float[] samples, RecordingWindow window) = windows[index];
            ReadOnlyMemory<float> part = samples.AsMemory((int)window.Start, window.Length);

            // Samples that are not finite stay so when they are normalized.
            return config.Normalize ? Normalization.PerUtterance(part.Span) : part;
        }
    }

    public IEnumerator<ReadOnlyMemory<float>> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
