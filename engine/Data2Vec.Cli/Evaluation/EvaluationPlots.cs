using ScottPlot;

namespace Data2Vec.Cli;

/// <summary>Draws the pictures of evaluation reports.</summary>
internal static class EvaluationPlots
{
    /// <summary>The most classes whose confusions can be read.</summary>
    public const int MostClasses = 40;

    private const int Width = 900, Height = 600, CellPixels = 48, LeastPixels = 420, LabelPixels = 8, MostNumbered = 20;

    /// <summary>Draws how the items of each class were answered, as shares of the class. As SVG, viewers would blur the cells.</summary>
    public static ReportPicture Confusion(IReadOnlyList<IReadOnlyList<int>> confusion, IReadOnlyList<string> classes)
    {
        string font = PlotFile.Font();
        int count = classes.Count;
        using var plot = new Plot();
        var cells = new double[count, count];
        for (int right = 0; right < count; right++)
        {
            int all = Math.Max(1, confusion[right].Sum());
            for (int taken = 0; taken < count; taken++)
            {
                cells[right, taken] = (double)confusion[right][taken] / all;
            }
        }

        ScottPlot.Plottables.Heatmap heatmap = plot.Add.Heatmap(cells);
        heatmap.ManualRange = new ScottPlot.Range(0, 1);
        heatmap.Colormap = new ScottPlot.Colormaps.GrayscaleReversed();
        for (int cell = 0; count <= MostNumbered && cell < count * count; cell++)
        {
            (int right, int taken) = Math.DivRem(cell, count);
            if (confusion[right][taken] > 0)
            {
                // Rows go downwards, the axis upwards.
                ScottPlot.Plottables.Text number = plot.Add.Text(confusion[right][taken].ToString(CultureInfo.InvariantCulture), taken, count - 1 - right);
                number.LabelFontName = font;
                number.LabelFontColor = cells[right, taken] > 0.5 ? Colors.White : Colors.Black;
                number.Alignment = Alignment.MiddleCenter;
            }
        }

        double[] ticks = [.. Enumerable.Range(0, count).Select(i => (double)i)];
        string[] names = [.. classes.Select(TerminalText.Short)];
        plot.Axes.Left.SetTicks([.. ticks.Reverse()], names);
        plot.Axes.Bottom.SetTicks(ticks, names);
        plot.Axes.Bottom.TickLabelStyle.Rotation = 60;
        plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleLeft;
        plot.Axes.Bottom.MinimumSize = 20 + (LabelPixels * names.Max(name => name.Length));
        plot.HideGrid();
        plot.Axes.Margins(0, 0);
        plot.XLabel("answer");
        plot.YLabel("class");
        plot.Font.Set(font);
        int size = Math.Max(LeastPixels, count * CellPixels);
        return Picture("Confusion matrix", "confusions.png", plot, size + (LabelPixels * names.Max(name => name.Length)), size);
    }

    /// <summary>Draws a number of each layer, for one or more measures.</summary>
    public static ReportPicture Layers(IReadOnlyList<int> layers, string measure, params ReadOnlySpan<(string Name, double[] Values)> lines)
    {
        string font = PlotFile.Font();
        using var plot = new Plot();
        foreach ((string name, double[] values) in lines)
        {
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(layers.Select(layer => (double)layer).ToArray(), values);
            line.LegendText = name;
            line.LineWidth = 2;
        }

        plot.Axes.Bottom.SetTicks([.. layers.Select(layer => (double)layer)], [.. layers.Select(layer => layer.ToString(CultureInfo.InvariantCulture))]);
        plot.XLabel("layer");
        plot.YLabel(measure);
        plot.ShowLegend(Edge.Right);
        plot.Font.Set(font);
        plot.Legend.FontName = font;
        return Picture($"{char.ToUpperInvariant(measure[0])}{measure[1..]} by layer", "layers.svg", plot, Width, Height);
    }

    private static ReportPicture Picture(string title, string name, Plot plot, int width, int height) => new(title, name, PlotFile.Bytes(plot, width, height, name));
}
