using System.Buffers;

namespace Data2Vec.Vision.Images;

/// <summary>
/// Bicubic resizing with the numbers of OpenCV's <c>resize</c> with <c>INTER_CUBIC</c> of 8-bit samples: four pixels along each side whatever
/// the scale, hence without antialiasing, those beyond the edge repeated; weights of 11 bits, columns first, rounded once at the end.
/// </summary>
internal static class OpenCvResizer
{
    private const int Taps = 4;
    private const int FractionBits = 11;

    /// <summary>Computes a window of an image's resized form.</summary>
    /// <param name="image">The image.</param>
    /// <param name="targetWidth">The width it is resized to.</param>
    /// <param name="targetHeight">The height it is resized to.</param>
    /// <param name="columns">The columns of the target that are wanted.</param>
    /// <param name="rows">The rows of the target that are wanted.</param>
    public static RgbImage Resize(RgbImage image, int targetWidth, int targetHeight, CropSpan columns, CropSpan rows)
    {
        (int[] Places, int[] Weights) across = Axis(image.Width, targetWidth, columns), down = Axis(image.Height, targetHeight, rows);
        int length = columns.Count * 3;
        byte[] target = new byte[rows.Count * length];

        // The last four source rows that were brought to the target width; a source row has the same place whenever it is wanted.
        int[] between = ArrayPool<int>.Shared.Rent(Taps * length);
        Span<int> kept = [-1, -1, -1, -1];
        for (int y = 0; y < rows.Count; y++)
        {
            for (int tap = 0; tap < Taps; tap++)
            {
                int row = down.Places[y * Taps + tap];
                if (kept[row % Taps] != row)
                {
                    ResizeRow(image.Pixels.AsSpan(row * image.Width * 3, image.Width * 3), across.Places, across.Weights, between.AsSpan(row % Taps * length, length));
                    kept[row % Taps] = row;
                }
            }

            Span<byte> line = target.AsSpan(y * length, length);
            for (int i = 0; i < length; i++)
            {
                int sum = 1 << (2 * FractionBits - 1);
                for (int tap = 0; tap < Taps; tap++)
                {
                    sum += between[down.Places[y * Taps + tap] % Taps * length + i] * down.Weights[y * Taps + tap];
                }

                line[i] = (byte)Math.Clamp(sum >> (2 * FractionBits), 0, 255);
            }
        }

        ArrayPool<int>.Shared.Return(between);
        return new RgbImage(columns.Count, rows.Count, target);
    }

    private static void ResizeRow(ReadOnlySpan<byte> row, int[] places, int[] weights, Span<int> target)
    {
        for (int x = 0; x < target.Length / 3; x++)
        {
            int red = 0, green = 0, blue = 0;
            for (int tap = x * Taps; tap < (x + 1) * Taps; tap++)
            {
                ReadOnlySpan<byte> pixel = row.Slice(places[tap] * 3, 3);
                red += pixel[0] * weights[tap];
                green += pixel[1] * weights[tap];
                blue += pixel[2] * weights[tap];
            }

            (target[x * 3], target[x * 3 + 1], target[x * 3 + 2]) = (red, green, blue);
        }
    }

    /// <summary>For each target position four source positions and their weights.</summary>
    private static (int[] Places, int[] Weights) Axis(int sourceSize, int targetSize, CropSpan wanted)
    {
        int[] places = new int[wanted.Count * Taps], weights = new int[places.Length];
        double scale = (double)sourceSize / targetSize;
        for (int i = 0; i < wanted.Count; i++)
        {
            // Positions and weights are single precision in OpenCV too.
            float centre = (float)((wanted.First + i + 0.5) * scale - 0.5);
            int before = (int)MathF.Floor(centre);
            float x = centre - before;
            const float A = -0.75f;
            float first = ((A * (x + 1) - 5 * A) * (x + 1) + 8 * A) * (x + 1) - 4 * A;
            float second = ((A + 2) * x - (A + 3)) * x * x + 1;
            float third = ((A + 2) * (1 - x) - (A + 3)) * (1 - x) * (1 - x) + 1;
            Span<float> exact = [first, second, third, 1 - first - second - third];
            for (int tap = 0; tap < Taps; tap++)
            {
                places[i * Taps + tap] = Math.Clamp(before - 1 + tap, 0, sourceSize - 1);
                weights[i * Taps + tap] = (int)MathF.Round(exact[tap] * (1 << FractionBits));
            }
        }

        return (places, weights);
    }
}
