using System.Diagnostics;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Server.Observability;
using Data2Vec.Server.Security;
using Data2Vec.Vision.Images;

namespace Data2Vec.Server.Requests;

/// <summary>Turns recordings and images of requests into what models read, as many at a time as there are processors.</summary>
internal sealed class MediaReader(Data2VecServerOptions options, UrlReader urls, ServerMetrics metrics) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(Environment.ProcessorCount);

    /// <summary>The pixels that a model reads, of images that are decoded one after another.</summary>
    /// <param name="inputs">Data URIs, or URLs if these are allowed.</param>
    /// <param name="name">The field, for messages.</param>
    /// <param name="model">The model.</param>
    /// <param name="cancellation">Ends the work before the next image.</param>
    public async Task<ReadOnlyMemory<float>[]> PixelsAsync(string[] inputs, string name, VisionModel model, CancellationToken cancellation)
    {
        long left = options.Limits.MaxPixels;
        var pixels = new ReadOnlyMemory<float>[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            (pixels[i], left) = await ImageAsync(inputs[i], NameOf(inputs, name, i), left, model.Preprocessing.OutputLength / 3, model.Preprocessing.Apply, cancellation).ConfigureAwait(false);
        }

        return pixels;
    }

    /// <summary>Decodes an image.</summary>
    public async Task<RgbImage> ImageAsync(string input, string name, CancellationToken cancellation) =>
        (await ImageAsync(input, name, options.Limits.MaxPixels, 0, image => image, cancellation).ConfigureAwait(false)).Result;

    /// <summary>Decodes recordings.</summary>
    /// <param name="inputs">Data URIs, or URLs if these are allowed.</param>
    /// <param name="name">The field, for messages.</param>
    /// <param name="model">The model.</param>
    /// <param name="cancellation">Ends the work before the next recording.</param>
    public async Task<Waveform[]> RecordingsAsync(string[] inputs, string name, SpeechModel model, CancellationToken cancellation)
    {
        int left = options.Limits.MaxSamples;
        var recordings = new Waveform[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            string input = NameOf(inputs, name, i);
            byte[] file = await ContentAsync(inputs[i], input, cancellation).ConfigureAwait(false);
            (recordings[i], left) = await RecordingAsync(file, input, left, model, cancellation).ConfigureAwait(false);
        }

        return recordings;
    }

    /// <summary>Decodes a recording.</summary>
    public async Task<Waveform> RecordingAsync(byte[] file, string name, SpeechModel model, CancellationToken cancellation) =>
        (await RecordingAsync(file, name, options.Limits.MaxSamples, model, cancellation).ConfigureAwait(false)).Recording;

    public void Dispose() => _turns.Dispose();

    private static string NameOf(string[] inputs, string name, int i) => inputs.Length == 1 ? name : $"{name}[{i}]";

    /// <summary>Decodes an image and uses it. It counts as at least <paramref name="least"/> pixels: those that the model reads.</summary>
    private async Task<(T Result, long Left)> ImageAsync<T>(string input, string name, long left, int least, Func<RgbImage, T> use, CancellationToken cancellation)
    {
        byte[] file = await ContentAsync(input, name, cancellation).ConfigureAwait(false);
        return await InTurnAsync(name, () =>
        {
            RequireLeft(left, name, $"the limit of {options.Limits.MaxPixels} pixels of a request");
            RgbImage image = ImageFile.Decode(file, ImageLimits.Default with { MaxPixels = left });
            return (use(image), left - Math.Max(least, (long)image.Width * image.Height));
        }, cancellation).ConfigureAwait(false);
    }

    private Task<(Waveform Recording, int Left)> RecordingAsync(byte[] file, string name, int left, SpeechModel model, CancellationToken cancellation) => InTurnAsync(name, () =>
    {
        RequireLeft(left, name, $"the limit of {options.Limits.MaxSamples} samples of a request");
        using var stream = new MemoryStream(file, writable: false);
        Waveform recording = AudioFile.Load(stream, AudioCodecs.Options with { MaxSamples = left });
        long samples = Math.Max(recording.Samples.Length, (long)recording.Samples.Length * model.SampleRate / recording.SampleRate);
        RequireLeft(left - samples + 1, name, $"the limit of {options.Limits.MaxSamples} samples of a request, of the rate that the model reads");
        return (recording.Resample(model.SampleRate), left - (int)samples);
    }, cancellation);

    private static void RequireLeft(long left, string name, string limit)
    {
        if (left <= 0)
        {
            throw RequestException.TooLarge($"'{name}' exceeds {limit}", name);
        }
    }

    private async Task<byte[]> ContentAsync(string input, string name, CancellationToken cancellation)
    {
        if (DataUri.Is(input))
        {
            return DataUri.Decode(input, name);
        }

        if (!Uri.TryCreate(input, UriKind.Absolute, out Uri? address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            throw RequestException.Bad($"'{name}' must be a data URI, such as data:image/png;base64,...", name);
        }

        return options.AllowUrls
            ? await urls.ReadAsync(address, name, cancellation).ConfigureAwait(false)
            : throw RequestException.Bad($"'{name}' is a URL, which this server does not read; send the content as a data URI", name);
    }

    private async Task<T> InTurnAsync<T>(string name, Func<T> decode, CancellationToken cancellation)
    {
        if (!await _turns.WaitAsync(options.MaxWait, cancellation).ConfigureAwait(false))
        {
            throw RequestException.Busy(options.MaxWait);
        }

        try
        {
            return await Task.Run(() =>
            {
                long start = Stopwatch.GetTimestamp();
                try
                {
                    return decode();
                }
                finally
                {
                    metrics.Decoded(Stopwatch.GetElapsedTime(start));
                }
            }, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or NotSupportedException)
        {
            throw IO.SizeLimits.AreExceeded(error)
                ? RequestException.TooLarge($"'{name}': {error.Message}", name)
                : RequestException.Bad($"'{name}': {error.Message}", name);
        }
        finally
        {
            _turns.Release();
        }
    }
}
