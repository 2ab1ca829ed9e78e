using System.Globalization;
using System.Text;
using Data2Vec.IO;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli.Inputs;

/// <summary>Finds out what files are, and reads them.</summary>
internal static class InputReader
{
    /// <summary>Short texts that go through the model together, as one alone leaves it idle.</summary>
    private const int TextsAtOnce = 64;

    /// <summary>The inputs of a file: of a text file one for each line, otherwise one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="together">Whether texts may go through the model together.</param>
    /// <exception cref="IOException">There is no such file.</exception>
    public static IEnumerable<InputSource> Open(string path, bool together)
    {
        Files.RequireFile(path);
        if (HasExtension(path, ".txt"))
        {
            return Lines(path).Chunk(together ? TextsAtOnce : 1).Select(lines => Texts(lines));
        }

        return [new InputSource(1, () => Load(path))];
    }

    /// <summary>Reads a file that is no text.</summary>
    /// <exception cref="InvalidDataException">It is of no kind that any model takes; the message names it.</exception>
    public static ModelInput Load(string path)
    {
        if (HasExtension(path, ".npy"))
        {
            return Array(path);
        }

        return IsImage(path) ? ImageInput.Load(path) : RecordingInput.Load(path);
    }

    /// <summary>Texts that are called by themselves.</summary>
    public static IEnumerable<InputSource> Texts(IEnumerable<string> texts, bool together) =>
        texts.Chunk(together ? TextsAtOnce : 1).Select(some => new InputSource(some.Length, () => new TextInput(some, some)));

    /// <summary>A text of token ids, such as <c>0 31414 2</c>.</summary>
    public static InputSource Tokens(string tokens)
    {
        string[] parts = tokens.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var ids = new int[parts.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                throw new UsageException($"--tokens: '{parts[i]}' is not a token id, which is a whole number");
            }
        }

        return new InputSource(1, () => new TokenInput(ids.Length == 0 ? "--tokens" : tokens, ids));
    }

    private static bool HasExtension(string path, string extension) => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    private static InputSource Texts((string Name, string Text)[] lines) => new(
        lines.Length, () => new TextInput([.. lines.Select(line => line.Name)], [.. lines.Select(line => line.Text)]));

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

        return lines.Count > 0 ? lines : throw new InvalidDataException($"{path}: an empty file; it holds one text a line");
    }

    private static bool IsImage(string path)
    {
        var start = new byte[1024];
        using FileStream stream = File.OpenRead(path);
        return ImageFile.IsImage(start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)));
    }

    private static ModelInput Array(string path)
    {
        NpyArray array = NpyFile.Read(path);
        switch (array.Shape)
        {
            case [_] or [1, _] when array.ElementType == typeof(float):
                return RecordingInput.Of(path, array);
            case [3, _, _] or [1, 3, _, _] when array.ElementType == typeof(float):
                return ImageInput.Of(path, array);
            case [_] or [1, _] when array.ElementType == typeof(long) || array.ElementType == typeof(int):
                long[] ids = array.Int64s();
                return ids.FirstOrDefault(id => id is < 0 or > int.MaxValue) is var outside and not 0
                    ? throw new InvalidDataException($"{path}: {outside} is not a token id")
                    : new TokenInput(path, [.. ids.Select(id => (int)id)]);
            default:
                throw new InvalidDataException(
                    $"{path}: {array} is no model's input; a waveform is float32 [samples], pixels are float32 [3, height, width], token ids int64 [tokens]");
        }
    }
}
