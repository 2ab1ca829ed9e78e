using Data2Vec.IO;

namespace Data2Vec.Converters;

/// <summary>Reads small files.</summary>
internal static class SmallFile
{
    /// <summary>Reads a file, up to a limit that does not rely on the reported length.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most bytes that are accepted.</param>
    /// <param name="kind">What such a file is, for the message.</param>
    /// <exception cref="InvalidDataException">It is larger.</exception>
    public static byte[] Read(string path, int most, string kind)
    {
        using FileStream stream = File.OpenRead(path);
        using var bytes = new MemoryStream();
        Span<byte> buffer = stackalloc byte[16 * 1024];
        for (int count; (count = stream.Read(buffer)) > 0; bytes.Write(buffer[..count]))
        {
            InvalidData.ThrowIf(bytes.Length + count > most, $"{Path.GetFileName(path)}: larger than {most >> 20} MiB, so this is no {kind}");
        }

        return bytes.ToArray();
    }

    /// <summary>Reads the lines of a text file, up to a limit of its bytes.</summary>
    /// <exception cref="InvalidDataException">It is larger, or not text.</exception>
    public static List<string> ReadLines(string path, int most, string kind)
    {
        var file = new MemoryStream(Read(path, most, kind));
        try
        {
            return [.. TextFile.ReadLines(file)];
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{Path.GetFileName(path)}: {error.Message}", error);
        }
    }
}
