namespace Data2Vec.Tests;

/// <summary>The bundled models as bytes.</summary>
internal static class Resources
{
    public static byte[] Read(string name)
    {
        using Stream stream = typeof(BundledModels).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
