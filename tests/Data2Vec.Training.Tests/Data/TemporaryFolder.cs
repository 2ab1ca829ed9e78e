using System.Buffers.Binary;

namespace Data2Vec.Training.Tests.Data;

/// <summary>A folder of files to train on, which is deleted at the end of the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("data2vec").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllBytes(this[name], content);
        return this[name];
    }

    /// <summary>Writes a WAV file of 16 bits whose samples differ.</summary>
    public string WriteWav(string name, int samples, int rate = 16000, int channels = 1, uint? dataBytes = null)
    {
        byte[] file = new byte[44 + (2 * samples * channels)];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(22), (short)channels);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), rate);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), rate * 2 * channels);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(32), (short)(2 * channels));
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(34), 16);
        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(40), dataBytes ?? (uint)(file.Length - 44));
        for (int i = 0; i < samples * channels; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(44 + (2 * i)), (short)(((i * 7919) % 20011) - 10005));
        }

        return Write(name, file);
    }

    /// <summary>Writes a PPM image of one pixel.</summary>
    public string WriteImage(string name, byte red) => Write(name, [.. "P6\n1 1\n255\n"u8, red, 2, 3]);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
