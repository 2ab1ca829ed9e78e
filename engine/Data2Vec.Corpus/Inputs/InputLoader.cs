using System.Security.Cryptography;
using System.Text;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Memes;
using Data2Vec.Vision.Images;

namespace Data2Vec.Corpus;

/// <summary>Reads and decodes inputs. Instances are thread-safe.</summary>
/// <param name="baseFolder">The folder for relative paths.</param>
/// <param name="modality">The inputs that the model takes.</param>
/// <param name="limits">The largest inputs.</param>
/// <param name="readsCaptions">Whether the texts in images are read from files beside them.</param>
internal sealed class InputLoader(string baseFolder, Modality modality, InputLimits limits, bool readsCaptions)
{
    // Recordings wait in memory for a batch. Longer ones, and files that may hold them, are read while they go through the model.
    private const int SamplesAhead = 1 << 23;
    private const long RecordingBytesAhead = 1L << 25;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly ImageLimits _images = ImageLimits.Default with { MaxPixels = limits.MaxPixels };
    private readonly AudioReadOptions _audio = AudioCodecs.Options with { MaxSamples = limits.MaxSamples };

    /// <summary>Reads an input.</summary>
    /// <param name="input">The input.</param>
    /// <param name="digest">The SHA-256 of what was read, also if it is bad; null if nothing was read, and for a recording that is read later.</param>
    /// <exception cref="Exception">The input is at fault if <see cref="InputErrors.IsOfInput"/> says so.</exception>
    public LoadedInput Load(PlannedInput input, ref string? digest) => modality switch
    {
        _ when input.Problem is { } problem => throw new InvalidDataException(problem),
        Modality.Text => LoadText(Require(input.Text, "text"), ref digest),
        Modality.Vision => LoadImage(Require(input.Path, "path"), input.Text, ref digest),
        _ => LoadRecording(Require(input.Path, "path"), ref digest),
    };

    private static LoadedInput LoadText(string text, ref string? digest)
    {
        digest = Digest(s_utf8.GetBytes(text));
        return new LoadedInput { Text = text };
    }

    private LoadedInput LoadImage(string path, string? text, ref string? digest)
    {
        string full = Path.GetFullPath(path, baseFolder);
        byte[] file = ReadWhole(full, _images.MaxFileBytes);
        digest = Digest(file);
        string caption = full + Meme.TextExtension;
        return new LoadedInput { Image = ImageFile.Decode(file, _images), Text = text ?? (readsCaptions && File.Exists(caption) ? Meme.ReadText(caption) : null) };
    }

    private LoadedInput LoadRecording(string path, ref string? digest)
    {
        string full = Path.GetFullPath(path, baseFolder);
        if (RegularFile.RequireContent(full) > RecordingBytesAhead)
        {
            return new LoadedInput { Streamed = new StreamedRecording(full, _audio) };
        }

        byte[] file = ReadWhole(full, RecordingBytesAhead);
        digest = Digest(file);
        using var stream = new MemoryStream(file, writable: false);
        var samples = new List<float>();
        int sampleRate = 0;
        try
        {
            AudioFile.ReadBlocks(
                stream,
                (block, rate) =>
                {
                    samples.AddRange(block);
                    sampleRate = rate;
                    if (samples.Count > SamplesAhead)
                    {
                        throw new LongRecordingException();
                    }
                },
                _audio);
        }
        catch (LongRecordingException)
        {
            // A few bytes can stand for hours.
            return new LoadedInput { Streamed = new StreamedRecording(full, _audio) };
        }

        return new LoadedInput { Recording = new Waveform([.. samples], sampleRate) };
    }

    private static byte[] ReadWhole(string path, long maxBytes)
    {
        long length = RegularFile.RequireContent(path);
        return length <= maxBytes ? File.ReadAllBytes(path) : throw new InvalidDataException($"the file is larger than the limit of {maxBytes} bytes");
    }

    private static string Require(string? value, string name) => value ?? throw new InvalidDataException($"the row has no {name}");

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private sealed class LongRecordingException : Exception;
}
