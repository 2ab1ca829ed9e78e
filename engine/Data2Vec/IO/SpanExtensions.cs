namespace Data2Vec.IO;

internal static class SpanExtensions
{
    /// <summary>Whether <paramref name="tag"/> stands at <paramref name="offset"/>.</summary>
    public static bool HasAt(this ReadOnlySpan<byte> bytes, int offset, ReadOnlySpan<byte> tag) => bytes.Length >= offset && bytes[offset..].StartsWith(tag);
}
