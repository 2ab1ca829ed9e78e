namespace Data2Vec.Kernels.Tests;

/// <summary>Each operation by its definition, with plain loops in double precision.</summary>
internal static class Reference
{
    public static double[] Linear(float[] x, int rows, int inputs, float[] weight, float[] bias, int outputs)
    {
        var y = new double[rows * outputs];
        for (int r = 0; r < rows; r++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = bias[o];
                for (int i = 0; i < inputs; i++)
                {
                    sum += (double)x[r * inputs + i] * weight[o * inputs + i];
                }

                y[r * outputs + o] = sum;
            }
        }

        return y;
    }

    public static double Gelu(double x) => x * NormalTail(-x);

    public static double[] LayerNorm(double[] x, int columns, float[] gain, float[] bias, double epsilon)
    {
        var y = new double[x.Length];
        for (int start = 0; start < x.Length; start += columns)
        {
            double mean = x[start..(start + columns)].Average();
            double variance = x[start..(start + columns)].Average(v => (v - mean) * (v - mean));
            for (int i = 0; i < columns; i++)
            {
                y[start + i] = (x[start + i] - mean) / Math.Sqrt(variance + epsilon) * gain[i] + bias[i];
            }
        }

        return y;
    }

    public static double[] Conv1d(float[] x, int length, Conv1dShape shape, float[] weight, float[] bias)
    {
        int channels = shape.InputChannels / shape.Groups;
        int perGroup = shape.OutputChannels / shape.Groups;
        int frames = shape.OutputLength(length);
        var y = new double[frames * shape.OutputChannels];
        for (int t = 0; t < frames; t++)
        {
            for (int o = 0; o < shape.OutputChannels; o++)
            {
                double sum = bias[o];
                for (int k = 0; k < shape.Kernel; k++)
                {
                    int row = t * shape.Stride + k - shape.Padding;
                    for (int c = 0; row >= 0 && row < length && c < channels; c++)
                    {
                        sum += (double)x[row * shape.InputChannels + o / perGroup * channels + c] * weight[(o * channels + c) * shape.Kernel + k];
                    }
                }

                y[t * shape.OutputChannels + o] = sum;
            }
        }

        return y;
    }

    public static double[] Conv2d(float[] x, int images, int height, int width, Conv2dShape shape, float[] weight, float[] bias)
    {
        int lines = shape.OutputLength(height), pixels = shape.OutputLength(width);
        var y = new double[images * lines * pixels * shape.OutputChannels];
        for (int i = 0; i < y.Length; i++)
        {
            int o = i % shape.OutputChannels, pixel = i / shape.OutputChannels % pixels, line = i / shape.OutputChannels / pixels % lines;
            int image = i / shape.OutputChannels / pixels / lines;
            y[i] = bias[o];
            for (int k = 0; k < shape.Kernel * shape.Kernel; k++)
            {
                int h = line * shape.Stride + k / shape.Kernel - shape.Padding, w = pixel * shape.Stride + k % shape.Kernel - shape.Padding;
                for (int c = 0; h >= 0 && h < height && w >= 0 && w < width && c < shape.InputChannels; c++)
                {
                    y[i] += (double)x[((image * height + h) * width + w) * shape.InputChannels + c]
                        * weight[(o * shape.InputChannels + c) * shape.Kernel * shape.Kernel + k];
                }
            }
        }

        return y;
    }

    public static double[] MaxPool2d(float[] x, int images, int height, int width, int channels, int size, int stride)
    {
        int lines = height < size ? 0 : (height - size) / stride + 1, pixels = width < size ? 0 : (width - size) / stride + 1;
        var y = new double[images * lines * pixels * channels];
        for (int i = 0; i < y.Length; i++)
        {
            int c = i % channels, pixel = i / channels % pixels, line = i / channels / pixels % lines, image = i / channels / pixels / lines;
            y[i] = Enumerable.Range(0, size * size).Max(
                k => x[((image * height + line * stride + k / size) * width + pixel * stride + k % size) * channels + c]);
        }

        return y;
    }

    public static double[] Attention(float[] q, float[] k, float[] v, int length, int heads, int size, double scale, Func<int, int, int, double> bias)
    {
        int columns = heads * size;
        var y = new double[length * columns];
        for (int h = 0; h < heads; h++)
        {
            for (int i = 0; i < length; i++)
            {
                var scores = new double[length];
                for (int j = 0; j < length; j++)
                {
                    for (int c = h * size; c < (h + 1) * size; c++)
                    {
                        scores[j] += (double)q[i * columns + c] * k[j * columns + c];
                    }

                    scores[j] = scores[j] * scale + bias(h, i, j);
                }

                double max = scores.Max();
                double total = scores.Sum(s => Math.Exp(s - max));
                for (int j = 0; j < length; j++)
                {
                    double p = Math.Exp(scores[j] - max) / total;
                    for (int c = h * size; c < (h + 1) * size; c++)
                    {
                        y[i * columns + c] += p * v[j * columns + c];
                    }
                }
            }
        }

        return y;
    }

    /// <summary>The mean and the variance of each channel over all rows.</summary>
    public static (double[] Means, double[] Variances) ChannelMoments(ReadOnlySpan<float> x, int channels)
    {
        int rows = x.Length / channels;
        double[] means = new double[channels], variances = new double[channels];
        for (int i = 0; i < x.Length; i++)
        {
            means[i % channels] += x[i] / (double)rows;
        }

        for (int i = 0; i < x.Length; i++)
        {
            double distance = x[i] - means[i % channels];
            variances[i % channels] += distance * distance / rows;
        }

        return (means, variances);
    }

    public static double[] AttentionGates(float[] x, int rows, float[] weights, float[] scales)
    {
        int size = weights.Length / 2 - 1;
        var y = new double[rows * scales.Length];
        for (int i = 0; i < y.Length; i++)
        {
            double a = weights[size], b = weights[2 * size + 1];
            for (int c = 0; c < size; c++)
            {
                a += (double)x[i * size + c] * weights[c];
                b += (double)x[i * size + c] * weights[size + 1 + c];
            }

            y[i] = 1 / (1 + Math.Exp(-a)) * (scales[i % scales.Length] / (1 + Math.Exp(-b)) - 1) + 2;
        }

        return y;
    }

    /// <summary>
    /// <c>Φ(-z)</c>: the series of the integral for small arguments, Laplace's continued fraction for the far tail.
    /// </summary>
    private static double NormalTail(double z)
    {
        if (z < 0)
        {
            return 1 - NormalTail(-z);
        }

        double density = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
        if (z > 4)
        {
            double fraction = z;
            for (int n = 200; n > 0; n--)
            {
                fraction = z + n / fraction;
            }

            return density / fraction;
        }

        double term = z;
        double sum = z;
        for (int n = 1; n < 200; n++)
        {
            term *= z * z / (2 * n + 1);
            sum += term;
        }

        return 0.5 - density * sum;
    }
}
