using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Augmentation.Operations;

/// <summary>Operations that replace each sample by an entry of a table, as Pillow's <c>ImageOps</c> computes them.</summary>
internal static class PixelTables
{
    private const int Levels = 256;

    /// <summary>Stretches the samples of each channel to 0 ... 255.</summary>
    public static RgbImage AutoContrast(RgbImage image) => PerChannel(image, (histogram, table) =>
    {
        int low = histogram.AsSpan().IndexOfAnyExcept(0), high = histogram.AsSpan().LastIndexOfAnyExcept(0);
        double scale = 255.0 / Math.Max(high - low, 1);
        for (int level = 0; level < Levels; level++)
        {
            table[level] = high <= low ? (byte)level : (byte)Math.Clamp((int)((level * scale) - (low * scale)), 0, 255);
        }
    });

    /// <summary>Makes the histogram of each channel as flat as possible.</summary>
    public static RgbImage Equalize(RgbImage image) => PerChannel(image, (histogram, table) =>
    {
        int last = histogram[histogram.AsSpan().LastIndexOfAnyExcept(0)];
        int step = (histogram.Sum() - last) / 255;
        int sum = step / 2;
        for (int level = 0; level < Levels; level++)
        {
            table[level] = step == 0 ? (byte)level : (byte)Math.Min(sum / step, 255);
            sum += histogram[level];
        }
    });

    /// <summary>Inverts all samples.</summary>
    public static RgbImage Invert(RgbImage image) => Map(image, level => 255 - level);

    /// <summary>Keeps the highest bits of each sample.</summary>
    public static RgbImage Posterize(RgbImage image, int bits) => bits >= 8 ? image : Map(image, level => level & ~((1 << (8 - bits)) - 1));

    /// <summary>Inverts the samples from a threshold on.</summary>
    public static RgbImage Solarize(RgbImage image, int threshold) => Map(image, level => level < threshold ? level : 255 - level);

    /// <summary>Adds to the samples below 128.</summary>
    public static RgbImage SolarizeAdd(RgbImage image, int addend) => Map(image, level => level < 128 ? Math.Min(255, level + addend) : level);

    private static RgbImage Map(RgbImage image, Func<int, int> map)
    {
        byte[] table = new byte[Levels];
        for (int level = 0; level < Levels; level++)
        {
            table[level] = (byte)map(level);
        }

        byte[] pixels = new byte[image.Pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = table[image.Pixels[i]];
        }

        return new RgbImage(image.Width, image.Height, pixels);
    }

    private static RgbImage PerChannel(RgbImage image, Action<int[], byte[]> fill)
    {
        byte[] pixels = new byte[image.Pixels.Length];
        for (int channel = 0; channel < 3; channel++)
        {
            int[] histogram = new int[Levels];
            for (int i = channel; i < pixels.Length; i += 3)
            {
                histogram[image.Pixels[i]]++;
            }

            byte[] table = new byte[Levels];
            fill(histogram, table);
            for (int i = channel; i < pixels.Length; i += 3)
            {
                pixels[i] = table[image.Pixels[i]];
            }
        }

        return new RgbImage(image.Width, image.Height, pixels);
    }
}
