using System.Text;

namespace Data2Vec.Tests.Audio;

/// <summary>Builds valid and invalid WAV files.</summary>
internal sealed class WavBuilder
{
    public string Magic { get; init; } = "RIFF";

    /// <summary>The correct size if null.</summary>
    public uint? RiffSize { get; init; }

    public ushort Tag { get; init; } = 1;

    public ushort Channels { get; init; } = 1;

    public uint SampleRate { get; init; } = 16000;

    public ushort Bits { get; init; } = 16;

    public ushort? BlockAlign { get; init; }

    public byte[] AfterFormat { get; init; } = [];

    public byte[] ChunksBeforeFormat { get; init; } = [];

    public byte[] ChunksBeforeData { get; init; } = [];

    public byte[] Data { get; init; } = [0x00, 0x40, 0x00, 0xC0];

    public uint? DataSize { get; init; }

    public byte[] ChunksAfterData { get; init; } = [];

    public static byte[] Chunk(string id, byte[] content) =>
        [.. Encoding.ASCII.GetBytes(id), .. BitConverter.GetBytes(content.Length), .. content, .. new byte[content.Length & 1]];

    /// <summary>The bytes after the first 16 of 'fmt ' in WAVE_FORMAT_EXTENSIBLE.</summary>
    public static byte[] Extension(ushort validBits, ushort tag) =>
        [22, 0, .. BitConverter.GetBytes(validBits), 4, 0, 0, 0, .. new Guid(tag, 0, 0x10, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71).ToByteArray()];

    public byte[] ToArray()
    {
        ushort blockAlign = BlockAlign ?? (ushort)(Channels * ((Bits + 7) / 8));
        byte[] format = Chunk("fmt ",
            [.. BitConverter.GetBytes(Tag), .. BitConverter.GetBytes(Channels), .. BitConverter.GetBytes(SampleRate),
            .. BitConverter.GetBytes(SampleRate * blockAlign), .. BitConverter.GetBytes(blockAlign), .. BitConverter.GetBytes(Bits), .. AfterFormat]);
        byte[] data = Chunk("data", Data);
        BitConverter.GetBytes(DataSize ?? (uint)Data.Length).CopyTo(data, 4);
        byte[] content = [.. "WAVE"u8, .. ChunksBeforeFormat, .. format, .. ChunksBeforeData, .. data, .. ChunksAfterData];
        return [.. Encoding.ASCII.GetBytes(Magic), .. BitConverter.GetBytes(RiffSize ?? (uint)content.Length), .. content];
    }
}
