using Data2Vec.IO;

namespace Data2Vec.Tests;

/// <summary>The files in the folder Fixtures. The scripts in that folder describe them.</summary>
internal static class Fixtures
{
    public static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path(name));

    public static float[] Floats(string name) => NpyFile.Read(Path(name)).Floats();
}
