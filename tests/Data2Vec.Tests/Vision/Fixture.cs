using System.Globalization;
using System.Text;
using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Vision;

/// <summary>The files in <c>Fixtures</c>, made by the scripts that stand there.</summary>
internal static class Fixture
{
    private static readonly string _folder = Path.Combine(AppContext.BaseDirectory, "Vision", "Fixtures");

    public static IEnumerable<string> ImageNames =>
        Directory.GetFiles(Path.Combine(_folder, "files")).Select(file => Path.GetFileName(file)!).Where(name => !name.EndsWith(".ppm", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    public static string ImagePath(string name) => Path.Combine(_folder, "files", name);

    public static byte[] Image(string name) => File.ReadAllBytes(ImagePath(name));

    public static BinaryReader Records(string name) => new(File.OpenRead(Path.Combine(_folder, name)));

    /// <summary>Reads a binary PPM as the scripts write it: "P6", width and height, 255, each on a line, then the samples.</summary>
    public static RgbImage ExpectedPixels(string name)
    {
        byte[] file = Image(name + ".ppm");
        string[] header = Encoding.ASCII.GetString(file, 0, Math.Min(file.Length, 32)).Split('\n');
        int start = header[0].Length + header[1].Length + header[2].Length + 3;
        int[] size = [.. header[1].Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        return new RgbImage(size[0], size[1], file[start..]);
    }

    /// <summary>The largest difference of two images' samples.</summary>
    public static int MaxDifference(RgbImage expected, RgbImage actual)
    {
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        return expected.Pixels.Zip(actual.Pixels, (a, b) => Math.Abs(a - b)).Max();
    }
}
