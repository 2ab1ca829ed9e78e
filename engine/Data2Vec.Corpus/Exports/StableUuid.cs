using System.Security.Cryptography;
using System.Text;

namespace Data2Vec.Corpus;

/// <summary>UUIDs that are always the same for the same id: version 8 of RFC 9562, from the SHA-256 of the id.</summary>
internal static class StableUuid
{
    private const int VersionAt = 6, VariantAt = 8, Bytes = 16;

    public static Guid Of(string id)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), digest);
        digest[VersionAt] = (byte)((digest[VersionAt] & 0x0F) | 0x80);
        digest[VariantAt] = (byte)((digest[VariantAt] & 0x3F) | 0x80);
        return new Guid(digest[..Bytes], bigEndian: true);
    }
}
