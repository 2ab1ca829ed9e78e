namespace Data2Vec.Audio.Codecs;

/// <summary>The checksums of frame headers (CRC-8, x^8 + x^2 + x + 1) and frames (CRC-16, x^16 + x^15 + x^2 + 1).</summary>
internal static class FlacChecksum
{
    private static readonly ushort[] s_crc8 = Table(8, 0x07), s_crc16 = Table(16, 0x8005);

    public static int Crc8(ReadOnlySpan<byte> bytes)
    {
        int crc = 0;
        foreach (byte b in bytes)
        {
            crc = s_crc8[crc ^ b];
        }

        return crc;
    }

    public static int Crc16(ReadOnlySpan<byte> bytes)
    {
        int crc = 0;
        foreach (byte b in bytes)
        {
            crc = (crc << 8 ^ s_crc16[crc >> 8 ^ b]) & 0xFFFF;
        }

        return crc;
    }

    private static ushort[] Table(int bits, int polynomial)
    {
        var table = new ushort[256];
        for (int i = 0; i < table.Length; i++)
        {
            int crc = i << bits - 8;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> bits - 1 & 1) != 0 ? crc << 1 ^ polynomial : crc << 1;
            }

            table[i] = (ushort)(crc & (1 << bits) - 1);
        }

        return table;
    }
}
