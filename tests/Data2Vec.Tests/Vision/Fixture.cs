using System.Globalization;
using System.Text;
using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Vision;

/// <summary>The files in <c>Fixtures</c>. The scripts in that folder create them.</summary>
internal static class Fixture
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Vision", "Fixtures");

    public static IEnumerable<string> ImageNames => Directory.GetFiles(Path.Combine(s_folder, "files"))
        .Select(file => Path.GetFileName(file)!)
        .Where(name => !name.EndsWith(".ppm", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    public static string ImagePath(string name) => Path.Combine(s_folder, "files", name);

    public static byte[] Image(string name) => File.ReadAllBytes(ImagePath(name));

    public static BinaryReader Records(string name) => new(File.OpenRead(Path.Combine(s_folder, name)));

    /// <summary>Reads a binary PPM: lines with "P6", width and height, and 255, then the samples.</summary>
    public static RgbImage ExpectedPixels(string name)
    {
        byte[] file = Image(name + ".ppm");
        string[] header = Encoding.ASCII.GetString(file, 0, Math.Min(file.Length, 32)).Split('\n');
        int start = header[0].Length + header[1].Length + header[2].Length + 3;
        int[] size = [.. header[1].Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        return new RgbImage(size[0], size[1], file[start..]);
    }

    /// <summary>The largest difference between the samples of two images.</summary>
    public static int MaxDifference(RgbImage expected, RgbImage actual)
    {
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        return expected.Pixels.Zip(actual.Pixels, (a, b) => Math.Abs(a - b)).Max();
    }
}
