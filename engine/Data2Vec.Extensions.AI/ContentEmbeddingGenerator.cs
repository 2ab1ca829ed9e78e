using System.Runtime.InteropServices;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Vision.Images;
using Microsoft.Extensions.AI;

namespace Data2Vec.Extensions.AI;

/// <summary>Embeds recordings or images, depending on the model.</summary>
internal sealed class ContentEmbeddingGenerator(LazyModel model, EmbeddingOptions? options, ImageLimits? imageLimits, ImageDecoder? imageDecoder)
    : EmbeddingGenerator<DataContent>(model, options)
{
    /// <summary>The limits of a batch. Decoded images take many times the memory of their files.</summary>
    private const int BatchBytes = 4 << 20, BatchContents = 64;

    private static readonly string[] s_recordings =
    [
        "audio/wav", "audio/wave", "audio/x-wav", "audio/vnd.wave", "audio/flac", "audio/x-flac", "audio/mpeg", "audio/mp3", "audio/ogg", "application/ogg", "audio/opus",
        "audio/vorbis", "audio/aiff", "audio/x-aiff", "audio/basic",
    ];
    private static readonly string[] s_images =
    [
        "image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif", "image/bmp", "image/x-ms-bmp", "image/tiff", "image/x-tga", "image/x-targa",
        "image/x-portable-anymap", "image/x-portable-bitmap", "image/x-portable-graymap", "image/x-portable-pixmap",
    ];

    private static readonly string[] s_decodedImages = [.. s_images, "image/heic", "image/heif", "image/avif"];

    protected override Task<EmbeddedInputs> EmbedAsync(
        Data2VecModel model, IReadOnlyList<DataContent> inputs, EmbeddingOptions options, CancellationToken cancellation) => model switch
        {
            SpeechModel speech => EmbedAsync(speech, inputs, s_recordings, data => DecodeRecording(data, speech), options, cancellation),
            VisionModel vision => EmbedAsync(
                vision, inputs, imageDecoder is null ? s_images : s_decodedImages, data => ImageFile.Decode(data.Span, imageLimits, imageDecoder), options,
                cancellation),
            _ => throw new InvalidOperationException($"The model takes {model.Modality.Inputs()}, not recordings or images."),
        };

    private static async Task<EmbeddedInputs> EmbedAsync<T>(
        EncoderModel<T, float> model, IReadOnlyList<DataContent> inputs, string[] mediaTypes, Func<ReadOnlyMemory<byte>, T> decode, EmbeddingOptions options, CancellationToken cancellation)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            if (!mediaTypes.Contains(inputs[i].MediaType.Split(';')[0].Trim(), StringComparer.OrdinalIgnoreCase))
            {
                throw new ArgumentException(
                    $"{Name(inputs, i)} is {inputs[i].MediaType}, and the model takes {model.Modality.Inputs()}: {string.Join(", ", mediaTypes)}.", nameof(inputs));
            }
        }

        var vectors = new List<float[]>(inputs.Count);
        long rows = 0;
        while (vectors.Count < inputs.Count)
        {
            int first = vectors.Count;
            List<T> batch = await Task.Run(() => DecodeBatch(inputs, first, decode, cancellation), cancellation).WaitAsync(cancellation).ConfigureAwait(false);
            EmbeddedInputs embedded = await model.EmbedCountedAsync(batch, options, cancellation).ConfigureAwait(false);
            vectors.AddRange(embedded.Vectors);
            rows += embedded.Rows;
        }

        return new EmbeddedInputs([.. vectors], rows);
    }

    private static List<T> DecodeBatch<T>(IReadOnlyList<DataContent> inputs, int first, Func<ReadOnlyMemory<byte>, T> decode, CancellationToken cancellation)
    {
        var batch = new List<T>();
        long bytes = 0;
        for (int i = first; i < inputs.Count && batch.Count < BatchContents && bytes < BatchBytes; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            bytes += inputs[i].Data.Length;
            try
            {
                batch.Add(decode(inputs[i].Data));
            }
            catch (Exception error) when (error is InvalidDataException or ArgumentException)
            {
                throw new InvalidDataException($"{Name(inputs, i)}: {error.Message}", error);
            }
        }

        return batch;
    }

    /// <summary>The recording at the model's sample rate.</summary>
    private static Waveform DecodeRecording(ReadOnlyMemory<byte> data, SpeechModel model)
    {
        ArraySegment<byte> bytes = MemoryMarshal.TryGetArray(data, out ArraySegment<byte> array) ? array : data.ToArray();
        using var stream = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
        Waveform recording = AudioFile.Load(stream, AudioCodecs.Options).Resample(model.SampleRate);
        model.CountRows(recording.Samples); // throws if it is too short
        return recording;
    }

    private static string Name(IReadOnlyList<DataContent> inputs, int i) => inputs[i].Name is { Length: > 0 } name ? $"content {i} ({name})" : $"content {i}";
}
