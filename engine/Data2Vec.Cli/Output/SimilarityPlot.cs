using ScottPlot;

namespace Data2Vec.Cli;

/// <summary>Draws a table of cosines as a heat map.</summary>
internal static class SimilarityPlot
{
    private const int CellPixels = 72;
    private const int LeastPixels = 480;
    private const int MostPixels = 4000;

    /// <summary>Larger tables have no numbers in the cells, as they would not be legible.</summary>
    private const int MostLabelledCells = 24;

    /// <summary>The bytes of an SVG or PNG file, by the extension of the path.</summary>
    public static byte[] Draw(float[,] cosines, string[] names, string path)
    {
        string font = PlotFile.Font();
        int count = names.Length;
        using var plot = new Plot();
        plot.Font.Set(font);
        var cells = new double[count, count];
        Array.Copy(cosines, cells, cells.Length);
        ScottPlot.Plottables.Heatmap heatmap = plot.Add.Heatmap(cells);
        heatmap.ManualRange = new ScottPlot.Range(-1, 1);
        heatmap.Colormap = new ScottPlot.Colormaps.Balance();
        for (int i = 0; count <= MostLabelledCells && i < count; i++)
        {
            for (int j = 0; j < count; j++)
            {
                // Rows go downwards, the axis upwards.
                ScottPlot.Plottables.Text label = plot.Add.Text(
                    cosines[i, j].ToString("0.00", CultureInfo.InvariantCulture), j, count - 1 - i);
                label.LabelFontName = font;
                label.LabelFontColor = Math.Abs(cosines[i, j]) > 0.5f ? Colors.White : Colors.Black;
                label.Alignment = Alignment.MiddleCenter;
            }
        }

        double[] places = [.. Enumerable.Range(0, count).Select(i => (double)i)];
        plot.Axes.Left.SetTicks([.. places.Reverse()], names);
        plot.Axes.Bottom.SetTicks(places, [.. Enumerable.Range(1, count).Select(i => i.ToString(CultureInfo.InvariantCulture))]);
        plot.HideGrid();
        plot.Axes.Margins(0, 0);
        plot.Add.ColorBar(heatmap).Axis.Label.Text = "cosine";
        plot.Font.Set(font);
        int size = Math.Clamp(count * CellPixels, LeastPixels, MostPixels);
        int width = size + 8 * names.Max(name => name.Length) + 100;
        return PlotFile.Bytes(plot, width, size, path);
    }
}
