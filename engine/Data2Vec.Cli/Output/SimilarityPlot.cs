using ScottPlot;

namespace Data2Vec.Cli;

/// <summary>Draws a table of cosines as a heat map.</summary>
internal static class SimilarityPlot
{
    private const int CellPixels = 72;
    private const int LeastPixels = 480;
    private const int MostPixels = 4000;

    /// <summary>The least pixels of a row, so that its label can be read.</summary>
    private const int LabelPixels = 24;

    /// <summary>Larger tables have no numbers in the cells, as they would not be legible.</summary>
    private const int MostLabelledCells = 24;

    /// <summary>The bytes of an SVG or PNG file, by the extension of the path.</summary>
    /// <param name="cosines">The table.</param>
    /// <param name="places">The number of each row's input, from 0.</param>
    /// <param name="names">The name of each row.</param>
    /// <param name="path">The path of the file.</param>
    public static byte[] Draw(float[,] cosines, int[] places, string[] names, string path)
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

        double[] ticks = [.. Enumerable.Range(0, count).Select(i => (double)i)];
        plot.Axes.Left.SetTicks([.. ticks.Reverse()], names);
        plot.Axes.Bottom.SetTicks(ticks, [.. places.Select(place => (place + 1).ToString(CultureInfo.InvariantCulture))]);
        plot.HideGrid();
        plot.Axes.Margins(0, 0);
        plot.Add.ColorBar(heatmap).Axis.Label.Text = "cosine";
        plot.Font.Set(font);
        int size = Math.Max(Math.Clamp(count * CellPixels, LeastPixels, MostPixels / 2), count * LabelPixels);
        int width = size + 8 * names.Max(name => name.Length) + 100;
        return PlotFile.Bytes(plot, width, size, path);
    }
}
