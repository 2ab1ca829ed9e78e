using System.Text;
using Data2Vec.Audio;
using Data2Vec.IO;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>
/// Decides what kind of input a file is. <c>.txt</c> files are texts, <c>.npy</c> files are recognized by type and shape of their array, images by
/// their first bytes. All other files are recordings.
/// </summary>
internal static class InputReader
{
    // A single short text would leave the device idle.
    private const int TextsPerBatch = 64;
    private const int SignatureBytes = 1024;

    /// <summary>The inputs of a file: one per line of a text file, otherwise one. Together, several texts go through the model as one batch.</summary>
    /// <exception cref="IOException">There is no such file.</exception>
    public static IEnumerable<InputSource> Open(string path, bool together) => OptionFactory.HasExtension(Files.RequireFile(path), ".txt")
        ? Texts(Lines(path), together)
        : [new InputSource(1, () => Load(path))];

    /// <summary>Reads a file that is not a text file.</summary>
    /// <exception cref="InvalidDataException">No model takes the file. The message names it.</exception>
    public static ModelInput Load(string path)
    {
        if (OptionFactory.HasExtension(path, ".npy"))
        {
            return Array(path);
        }

        using Stream stream = OpenSeekable(path);
        Span<byte> signature = stackalloc byte[SignatureBytes];
        signature = signature[..stream.ReadAtLeast(signature, signature.Length, throwOnEndOfStream: false)];
        stream.Position = 0;
        try
        {
            return ImageFile.IsImage(signature)
                ? new RawInput<RgbImage, float>(Modality.Vision, [path], [ImageFile.Load(stream)])
                : new RawInput<Waveform, float>(Modality.Speech, [path], [WavFile.Load(stream)]);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>Opens a file once; what comes through a pipe is read to its end first.</summary>
    private static Stream OpenSeekable(string path)
    {
        FileStream file = File.OpenRead(path);
        if (file.CanSeek)
        {
            return file;
        }

        using (file)
        {
            var copy = new MemoryStream();
            file.CopyTo(copy);
            copy.Position = 0;
            return copy;
        }
    }

    /// <summary>Texts that are named by themselves.</summary>
    public static IEnumerable<InputSource> Texts(IEnumerable<string> texts, bool together) => Texts(texts.Select(text => (text, text)), together);

    /// <summary>A text of token ids, such as <c>0 31414 2</c>.</summary>
    public static InputSource Tokens(string tokens)
    {
        int[] ids = [.. tokens.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Id)];
        return new InputSource(1, () => new PreparedInput<string, int>(Modality.Text, ids.Length == 0 ? "--tokens" : tokens, ids));

        static int Id(string part) => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? id
            : throw new UsageException($"--tokens: '{part}' is not a token id, which is a whole number");
    }

    private static IEnumerable<InputSource> Texts(IEnumerable<(string Name, string Text)> texts, bool together) => texts.Chunk(together ? TextsPerBatch : 1)
        .Select(batch => new InputSource(batch.Length, () => new TextInput([.. batch.Select(text => text.Name)], [.. batch.Select(text => text.Text)])));

    private static List<(string Name, string Text)> Lines(string path)
    {
        var lines = new List<(string Name, string Text)>();
        try
        {
            using var reader = new StreamReader(path, new UTF8Encoding(true, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false);
            for (string? line; (line = reader.ReadLine()) is not null;)
            {
                lines.Add((string.Create(CultureInfo.InvariantCulture, $"{path}:{lines.Count + 1}"), line));
            }
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDataException($"{path}: line {lines.Count + 1} or one soon after it is not UTF-8; convert the file to UTF-8", error);
        }

        return lines.Count > 0 ? lines : throw new InvalidDataException($"{path}: an empty file; it needs one text per line");
    }

    private static ModelInput Array(string path)
    {
        NpyArray array = NpyFile.Read(path);
        switch (array.Shape)
        {
            case [_] or [1, _] when array.ElementType == typeof(float):
                return new PreparedInput<Waveform, float>(Modality.Speech, path, array.Floats());
            case [3, _, _] or [1, 3, _, _] when array.ElementType == typeof(float):
                return new PreparedInput<RgbImage, float>(Modality.Vision, path, array.Floats(), model =>
                {
                    int size = ((VisionModel)model).Preprocessing.CropSize;
                    if (array.Shape is [.., var height, var width] && (height != size || width != size))
                    {
                        throw new InvalidDataException($"pixels [{string.Join(", ", array.Shape)}], and the model takes [3, {size}, {size}]");
                    }
                });
            case [_] or [1, _] when array.ElementType == typeof(long) || array.ElementType == typeof(int):
                long[] ids = array.Int64s();
                return ids.FirstOrDefault(id => id is < 0 or > int.MaxValue) is var outside and not 0
                    ? throw new InvalidDataException($"{path}: {outside} is not a token id")
                    : new PreparedInput<string, int>(Modality.Text, path, [.. ids.Select(id => (int)id)]);
            default:
                throw new InvalidDataException(
                    $"{path}: {array} does not fit any model; a waveform is float32 [samples], pixels are float32 [3, height, width], token ids int64 [tokens]");
        }
    }
}
