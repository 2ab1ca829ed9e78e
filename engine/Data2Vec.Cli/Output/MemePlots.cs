using Data2Vec.Memes.Demonstration;
using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Fusion;
using ScottPlot;

namespace Data2Vec.Cli;

/// <summary>Draws the plots of meme training and evaluation.</summary>
internal static class MemePlots
{
    private const int Width = 900, Height = 600;

    /// <summary>The distance in recall between the thresholds of a curve.</summary>
    private const double ThresholdDistance = 0.1;

    /// <summary>Draws loss and accuracy per epoch, as in the paper's figure 2.</summary>
    public static byte[] Training(IReadOnlyList<EpochResult> epochs, string path)
    {
        using var plot = new Plot();
        double[] numbers = [.. epochs.Select(epoch => (double)epoch.Epoch)];
        Line(plot, numbers, [.. epochs.Select(epoch => epoch.TrainingLoss)], "training loss", Colors.Blue, LinePattern.Dotted);
        Line(plot, numbers, [.. epochs.Select(epoch => epoch.ValidationLoss)], "validation loss", Colors.Blue, LinePattern.Solid);
        Line(plot, numbers, [.. epochs.Select(epoch => epoch.TrainingAccuracy)], "training accuracy", Colors.Red, LinePattern.Dotted);
        Line(plot, numbers, [.. epochs.Select(epoch => epoch.ValidationAccuracy)], "validation accuracy", Colors.Red, LinePattern.Solid);
        plot.Axes.SetLimitsY(0, Math.Max(1, epochs.Max(epoch => Math.Max(epoch.TrainingLoss, epoch.ValidationLoss))));
        return Finish(plot, "epoch", "", path);
    }

    /// <summary>Draws the precision-recall curve with its average precision, and the thresholds at some of its points.</summary>
    public static byte[] PrecisionRecall(IReadOnlyList<PrecisionRecall> curve, double averagePrecision, string path)
    {
        using var plot = new Plot();
        string name = string.Create(CultureInfo.InvariantCulture, $"average precision {averagePrecision:0.000}");
        Line(plot, [.. curve.Select(point => point.Recall)], [.. curve.Select(point => point.Precision)], name, Colors.Blue, LinePattern.Solid);
        string font = PlotFile.Font();
        double next = 0;
        foreach (PrecisionRecall point in curve.Where(point => point.Recall > 0))
        {
            if (point.Recall < next)
            {
                continue;
            }

            next = point.Recall + ThresholdDistance;
            plot.Add.Marker(point.Recall, point.Precision, MarkerShape.FilledCircle, 7, Colors.Blue);
            ScottPlot.Plottables.Text label = plot.Add.Text(point.Threshold.ToString("0.00", CultureInfo.InvariantCulture), point.Recall, point.Precision);
            label.LabelFontName = font;
            label.LabelAlignment = Alignment.UpperRight;
            label.OffsetY = 6;
        }

        plot.Axes.SetLimits(0, 1.02, 0, 1.04);
        plot.ShowLegend();
        return Finish(plot, "recall (numbers: thresholds)", "precision", path);
    }

    private static void Line(Plot plot, double[] x, double[] y, string name, Color color, LinePattern pattern)
    {
        ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(x, y, color);
        line.LegendText = name;
        line.LinePattern = pattern;
        line.LineWidth = 2;
    }

    private static byte[] Finish(Plot plot, string x, string y, string path)
    {
        plot.XLabel(x);
        plot.YLabel(y);
        string font = PlotFile.Font();
        plot.Font.Set(font);
        plot.Legend.FontName = font;
        plot.Legend.Alignment = Alignment.MiddleRight;
        return PlotFile.Bytes(plot, Width, Height, path);
    }
}

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
