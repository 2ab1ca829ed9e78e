using Data2Vec.Memes.Demonstration;
using ScottPlot;

namespace Data2Vec.Cli;

/// <summary>Renders plots.</summary>
internal static class PlotFile
{
    private static readonly string[] s_fonts = ["DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf"];

    /// <summary>The bytes of an SVG or PNG file, by the extension of the path.</summary>
    public static byte[] Bytes(Plot plot, int width, int height, string path) => OptionFactory.HasExtension(path, ".svg")
        ? System.Text.Encoding.UTF8.GetBytes(plot.GetSvgXml(width, height))
        : plot.GetImageBytes(width, height, ImageFormat.Png);

    /// <summary>The name of a font for plots. On Linux a font file must be registered first.</summary>
    /// <exception cref="IOException">No font is installed.</exception>
    public static string Font()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Fonts.Default;
        }

        const string Name = "sans";
        Fonts.AddFontFile(Name, FontFile.Find(s_fonts));
        return Name;
    }
}
