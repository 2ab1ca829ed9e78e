using System.Runtime.InteropServices;
using Data2Vec.Audio;
using Data2Vec.Vision.Images;
using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI;

/// <summary>Embeddings of recordings or images, whichever the model takes.</summary>
internal sealed class ContentEmbeddingGenerator(LazyModel model, EmbeddingOptions? options) : EmbeddingGenerator<DataContent>(model, options)
{
    /// <summary>So much is decoded and embedded before the next: decoded images take many times the memory of their files.</summary>
    private const int BytesAtOnce = 4 << 20, ContentsAtOnce = 64;

    private static readonly string[] s_recordings = ["audio/wav", "audio/wave", "audio/x-wav", "audio/vnd.wave"];
    private static readonly string[] s_images =
        ["image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif", "image/bmp", "image/x-ms-bmp"];

    protected override Task<EmbeddedInputs> EmbedAsync(
        Data2VecModel model, IReadOnlyList<DataContent> inputs, EmbeddingOptions options, CancellationToken cancellation)
    {
        switch (model)
        {
            case SpeechModel speech:
                Require(inputs, s_recordings, "recordings");
                return EmbedAsync(inputs, Recording, speech.EmbedCountedAsync, options, cancellation);
            case VisionModel vision:
                Require(inputs, s_images, "images");
                return EmbedAsync(inputs, data => ImageFile.Decode(data.Span), vision.EmbedCountedAsync, options, cancellation);
            default:
                throw new InvalidOperationException("The model takes texts, not recordings or images.");
        }
    }

    private static async Task<EmbeddedInputs> EmbedAsync<T>(
        IReadOnlyList<DataContent> inputs, Func<ReadOnlyMemory<byte>, T> decode,
        Func<IReadOnlyList<T>, EmbeddingOptions?, CancellationToken, Task<EmbeddedInputs>> embed, EmbeddingOptions options, CancellationToken cancellation)
    {
        var vectors = new List<float[]>(inputs.Count);
        long rows = 0;
        while (vectors.Count < inputs.Count)
        {
            int first = vectors.Count, count = CountAtOnce(inputs, first);
            T[] decoded = await Task.Run(() => Decode(inputs, first, count, decode, cancellation), cancellation).WaitAsync(cancellation).ConfigureAwait(false);
            EmbeddedInputs embedded = await embed(decoded, options, cancellation).ConfigureAwait(false);
            vectors.AddRange(embedded.Vectors);
            rows += embedded.Rows;
        }

        return new EmbeddedInputs(vectors, rows);
    }

    private static void Require(IReadOnlyList<DataContent> inputs, string[] mediaTypes, string kind)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            if (!mediaTypes.Contains(inputs[i].MediaType.Split(';')[0].Trim(), StringComparer.OrdinalIgnoreCase))
            {
                throw new ArgumentException(
                    $"{Name(inputs, i)} is {inputs[i].MediaType}, and the model takes {kind}: {string.Join(", ", mediaTypes)}.", nameof(inputs));
            }
        }
    }

    private static int CountAtOnce(IReadOnlyList<DataContent> inputs, int first)
    {
        int count = 0;
        for (long bytes = 0; first + count < inputs.Count && count < ContentsAtOnce && bytes < BytesAtOnce; count++)
        {
            bytes += inputs[first + count].Data.Length;
        }

        return count;
    }

    private static T[] Decode<T>(
        IReadOnlyList<DataContent> inputs, int first, int count, Func<ReadOnlyMemory<byte>, T> decode, CancellationToken cancellation)
    {
        var decoded = new T[count];
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                decoded[i] = decode(inputs[first + i].Data);
            }
            catch (Exception error) when (error is InvalidDataException or ArgumentException)
            {
                throw new InvalidDataException($"{Name(inputs, first + i)}: {error.Message}", error);
            }
        }

        return decoded;
    }

    private static Waveform Recording(ReadOnlyMemory<byte> data)
    {
        ArraySegment<byte> bytes = MemoryMarshal.TryGetArray(data, out ArraySegment<byte> array) ? array : data.ToArray();
        using var stream = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
        return WavFile.Load(stream);
    }

    private static string Name(IReadOnlyList<DataContent> inputs, int i) => inputs[i].Name is { Length: > 0 } name ? $"content {i} ({name})" : $"content {i}";
}
