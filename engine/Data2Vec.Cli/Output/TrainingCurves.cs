using System.Text;
using Data2Vec.Training.Logging;
using ScottPlot;

namespace Data2Vec.Cli;

/// <summary>Draws what the log of a training run holds as curves over the updates, one panel for each kind of number.</summary>
internal static class TrainingCurves
{
    private const int Width = 900, Height = 300;

    /// <summary>The most points of a curve. Longer ones are averaged, so that the file stays small.</summary>
    private const int MostPoints = 2000;

    /// <summary>The panels, and how the names of their numbers begin or end.</summary>
    private static readonly (string Title, string[] Names)[] s_panels =
    [
        ("loss", ["loss"]),
        ("deviation", ["_var"]),
        ("learning rate", ["lr"]),
        ("gradient norm", ["gnorm"]),
        ("measure", ["wer", "cer", "uer", "accuracy", "f1", "mcc", "matthews", "pearson", "spearman"]),
    ];

    /// <summary>The curves of a log as SVG. Panels without numbers are left out.</summary>
    /// <exception cref="InvalidDataException">The log has no numbers that are drawn.</exception>
    public static byte[] Draw(IReadOnlyList<TrainingLogEntry> log)
    {
        string font = PlotFile.Font();
        string[] all = [.. log.SelectMany(entry => entry.Values.Keys).Distinct()];
        var panels = new List<string>();
        foreach ((string title, string[] endings) in s_panels)
        {
            string[] names = [.. all.Where(name => endings.Any(ending => name == ending || name.EndsWith(ending[0] == '_' ? ending : $"_{ending}", StringComparison.Ordinal)))];
            if (names.Length > 0)
            {
                panels.Add(Panel(title, names, log, font));
            }
        }

        if (panels.Count == 0)
        {
            throw new InvalidDataException("the log has no numbers to draw");
        }

        var svg = new StringBuilder(string.Create(
            CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height * panels.Count}\">\n"));
        foreach ((int index, string panel) in panels.Index())
        {
            svg.Append(Nested(panel, index)).Append('\n');
        }

        return Encoding.UTF8.GetBytes(svg.Append("</svg>\n").ToString());
    }

    private static string Panel(string title, string[] names, IReadOnlyList<TrainingLogEntry> log, string font)
    {
        using var plot = new Plot();
        foreach (string name in names)
        {
            (double[] updates, double[] values) = Points([.. log.Where(entry => entry.Values.ContainsKey(name)).Select(entry => ((double)entry.Update, entry.Values[name]))]);
            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(updates, values);
            line.LegendText = name;
            line.LineWidth = 2;
        }

        plot.XLabel("update");
        plot.YLabel(title);
        plot.Font.Set(font);
        plot.Legend.FontName = font;
        if (names.Length > 1)
        {
            plot.ShowLegend();
        }

        return plot.GetSvgXml(Width, Height);
    }

    private static (double[] X, double[] Y) Points((double X, double Y)[] points)
    {
        IEnumerable<(double X, double Y)[]> groups = points.Chunk((points.Length + MostPoints - 1) / MostPoints);
        return ([.. groups.Select(group => group.Average(point => point.X))], [.. groups.Select(group => group.Average(point => point.Y))]);
    }

    // Ids are of the whole document, and each panel numbers its own from the start.
    private static string Nested(string svg, int index) => string.Create(CultureInfo.InvariantCulture, $"<svg y=\"{index * Height}\" ")
        + svg[(svg.IndexOf("<svg", StringComparison.Ordinal) + "<svg".Length)..]
            .Replace("id=\"", $"id=\"panel{index}-", StringComparison.Ordinal)
            .Replace("url(#", $"url(#panel{index}-", StringComparison.Ordinal)
            .Replace("href=\"#", $"href=\"#panel{index}-", StringComparison.Ordinal);
}
