using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Vision.Images;

/// <summary>
/// Antialiased resizing from one size to another, with the numbers of Pillow's <c>Image.resize</c>: columns first,
/// then rows, 8 bits between. The weights are prepared once; an instance may be used from any number of threads.
/// </summary>
public sealed class ImageResizer
{
    private const int Half = 1 << (ResizeKernels.FractionBits - 1);

    private readonly int _sourceWidth;
    private readonly int _sourceHeight;
    private readonly int _width;
    private readonly int _height;
    private readonly ResizeKernels _columns;
    private readonly ResizeKernels _rows;

    /// <summary>Prepares resizing from a source size to a target size, each at least 1 x 1.</summary>
    /// <exception cref="ArgumentException">A size is below 1, or the target too large for an array.</exception>
    public ImageResizer(int sourceWidth, int sourceHeight, int targetWidth, int targetHeight, Interpolation interpolation = Interpolation.Bicubic)
        : this(sourceWidth, sourceHeight, targetWidth, targetHeight, 0, 0, targetWidth, targetHeight, interpolation)
    {
    }

    /// <summary>
    /// Prepares resizing of which only a window of the target is computed, bit for bit what cropping the whole would give.
    /// </summary>
    internal ImageResizer(
        int sourceWidth, int sourceHeight, int targetWidth, int targetHeight, int left, int top, int width, int height, Interpolation interpolation)
    {
        if (interpolation == Interpolation.OpenCvBicubic)
        {
            throw new ArgumentException("OpenCV's resizing is not antialiased.", nameof(interpolation));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sourceWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sourceHeight);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetHeight);
        _sourceWidth = sourceWidth;
        _sourceHeight = sourceHeight;
        _width = width;
        _height = height;
        _columns = new ResizeKernels(sourceWidth, targetWidth, left, width, interpolation);
        _rows = new ResizeKernels(sourceHeight, targetHeight, top, height, interpolation);
        if (Math.BigMul(width, Math.Max(height, _rows.SourceCount)) > Array.MaxLength / 3)
        {
            throw new ArgumentException($"{sourceWidth} x {sourceHeight} to {targetWidth} x {targetHeight} takes more memory than an array can hold.");
        }
    }

    /// <summary>Resizes an image of the source size.</summary>
    /// <exception cref="ArgumentException">The image has another size.</exception>
    public RgbImage Resize(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Width != _sourceWidth || image.Height != _sourceHeight)
        {
            throw new ArgumentException($"The image is {image.Width} x {image.Height}, not {_sourceWidth} x {_sourceHeight}.", nameof(image));
        }

        byte[] target = GC.AllocateUninitializedArray<byte>(_width * _height * 3);
        int rowLength = _width * 3;
        byte[] between = ArrayPool<byte>.Shared.Rent(rowLength * _rows.SourceCount);
        ResizeColumns(image, between);
        for (int y = 0; y < _height; y++)
        {
            ResizeRow(between.AsSpan((_rows.Start(y) - _rows.FirstSource) * rowLength), _rows.Weights(y), target.AsSpan(y * rowLength, rowLength));
        }

        ArrayPool<byte>.Shared.Return(between);
        return new RgbImage(_width, _height, target);
    }

    /// <summary>Brings the source rows that are needed to the target width.</summary>
    private void ResizeColumns(RgbImage image, Span<byte> between)
    {
        // A pixel's three samples share a vector, so that all three take one multiplication a weight.
        Vector128<int>[] pixels = ArrayPool<Vector128<int>>.Shared.Rent(_columns.SourceCount);
        for (int y = 0; y < _rows.SourceCount; y++)
        {
            int source = ((_rows.FirstSource + y) * _sourceWidth + _columns.FirstSource) * 3;
            ReadOnlySpan<byte> row = image.Pixels.AsSpan(source, _columns.SourceCount * 3);
            for (int x = 0; x < _columns.SourceCount; x++)
            {
                pixels[x] = Vector128.Create(row[x * 3], row[x * 3 + 1], row[x * 3 + 2], 0);
            }

            Span<byte> target = between.Slice(y * _width * 3, _width * 3);
            for (int x = 0; x < _width; x++)
            {
                ReadOnlySpan<int> weights = _columns.Weights(x);
                ReadOnlySpan<Vector128<int>> window = pixels.AsSpan(_columns.Start(x) - _columns.FirstSource, weights.Length);
                Vector128<int> sum = Vector128.Create(Half);
                for (int k = 0; k < window.Length; k++)
                {
                    sum += window[k] * weights[k];
                }

                sum = Vector128.Clamp(sum >> ResizeKernels.FractionBits, Vector128<int>.Zero, Vector128.Create(255));
                target[x * 3] = (byte)sum[0];
                target[x * 3 + 1] = (byte)sum[1];
                target[x * 3 + 2] = (byte)sum[2];
            }
        }

        ArrayPool<Vector128<int>>.Shared.Return(pixels);
    }

    /// <summary>Weighs rows lying one below the other into one.</summary>
    private static void ResizeRow(ReadOnlySpan<byte> rows, ReadOnlySpan<int> weights, Span<byte> target)
    {
        int i = 0;
        for (; i <= target.Length - Vector64<byte>.Count; i += Vector64<byte>.Count)
        {
            Vector256<int> sum = Vector256.Create(Half);
            for (int k = 0; k < weights.Length; k++)
            {
                sum += LoadEight(rows.Slice(k * target.Length + i, 8)) * weights[k];
            }

            sum = Vector256.Clamp(sum >> ResizeKernels.FractionBits, Vector256<int>.Zero, Vector256.Create(255));
            Vector128<short> narrow = Vector128.Narrow(sum.GetLower(), sum.GetUpper());
            Vector128.Narrow(narrow, narrow).AsByte().GetLower().CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            int sum = Half;
            for (int k = 0; k < weights.Length; k++)
            {
                sum += rows[k * target.Length + i] * weights[k];
            }

            target[i] = (byte)Math.Clamp(sum >> ResizeKernels.FractionBits, 0, 255);
        }
    }

    private static Vector256<int> LoadEight(ReadOnlySpan<byte> samples)
    {
        Vector128<ushort> wide = Vector128.WidenLower(Vector128.CreateScalar(MemoryMarshal.Read<ulong>(samples)).AsByte());
        return Vector256.Create(Vector128.WidenLower(wide), Vector128.WidenUpper(wide)).AsInt32();
    }
}
