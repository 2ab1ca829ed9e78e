using System.CommandLine;
using Data2Vec.Memes.Demonstration;
using ScottPlot;

namespace Data2Vec.Cli;

/// <summary>What all drawings of figures have in common.</summary>
internal static class PlotFile
{
    private static readonly string[] s_fonts = ["DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf"];

    /// <summary>An option that names the file of a drawing.</summary>
    public static Option<string?> Option(string description)
    {
        var option = new Option<string?>("--plot") { Description = description, HelpName = "FILE.svg|FILE.png" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var path }] && !IsSvg(path) && !path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            {
                result.AddError("--plot must name a file that ends in .svg or .png");
            }
        });
        return option;
    }

    /// <summary>The bytes of the file, whose name says the format.</summary>
    public static byte[] Bytes(Plot plot, int width, int height, string path) => IsSvg(path)
        ? System.Text.Encoding.UTF8.GetBytes(plot.GetSvgXml(width, height))
        : plot.GetImageBytes(width, height, ImageFormat.Png);

    /// <summary>The name of a font that the drawing library knows; on Linux it knows none but those it is handed.</summary>
    /// <exception cref="IOException">There is no font.</exception>
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

    private static bool IsSvg(string path) => path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase);
}
