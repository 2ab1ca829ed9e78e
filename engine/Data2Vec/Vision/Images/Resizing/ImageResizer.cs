using System.Buffers;
using System.Runtime.Intrinsics;

namespace Data2Vec.Vision.Images;

/// <summary>
/// Resizes images from one size to another, first along the rows and then along the columns. Results equal those of Pillow's
/// <c>Image.resize</c>, which rounds to 8 bits after the rows, or of OpenCV's <c>resize</c> for
/// <see cref="Interpolation.OpenCvBicubic"/>, which rounds only at the end. An instance is thread-safe.
/// </summary>
public sealed class ImageResizer
{
    private const int Half = 1 << (ResizeKernels.FractionBits - 1);

    /// <summary>The samples of a row that OpenCV computes together. It computes whole blocks in single precision, and the rest in integers.</summary>
    private const int OpenCvBlock = 8;

    private readonly int _sourceWidth, _sourceHeight, _width, _height, _vectorLength;
    private readonly bool _roundsRows;
    private readonly ResizeKernels _columns, _rows;

    /// <summary>Computes the weights for a source size and a target size, each at least 1 x 1.</summary>
    /// <exception cref="ArgumentException">A size is below 1, or the target does not fit in an array.</exception>
    public ImageResizer(int sourceWidth, int sourceHeight, int targetWidth, int targetHeight, Interpolation interpolation = Interpolation.Bicubic)
        : this(sourceWidth, sourceHeight, targetWidth, targetHeight, new CropSpan(0, targetWidth), new CropSpan(0, targetHeight), interpolation)
    {
    }

    /// <summary>Computes the weights for a window of the target. The window equals a crop of the whole target, bit for bit.</summary>
    internal ImageResizer(
        int sourceWidth, int sourceHeight, int targetWidth, int targetHeight, CropSpan columns, CropSpan rows, Interpolation interpolation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sourceWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sourceHeight);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetHeight);
        (_sourceWidth, _sourceHeight, _width, _height) = (sourceWidth, sourceHeight, columns.Count, rows.Count);
        _roundsRows = interpolation != Interpolation.OpenCvBicubic;
        _vectorLength = Math.Clamp(targetWidth * 3 / OpenCvBlock * OpenCvBlock - columns.First * 3, 0, _width * 3);
        _columns = new ResizeKernels(sourceWidth, targetWidth, columns, interpolation);
        _rows = new ResizeKernels(sourceHeight, targetHeight, rows, interpolation);
        if (Math.BigMul(_width, Math.Max(_height, _rows.SourceCount)) > Array.MaxLength / 3)
        {
            throw new ArgumentException($"Resizing {sourceWidth} x {sourceHeight} to {targetWidth} x {targetHeight} takes more memory than fits in an array.");
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
        int[] narrowed = ArrayPool<int>.Shared.Rent(rowLength * _rows.SourceCount);
        Vector128<int>[] pixels = ArrayPool<Vector128<int>>.Shared.Rent(_columns.SourceCount);
        int next = 0;
        for (int y = 0; y < _height; y++)
        {
            int start = _rows.Start(y);
            ReadOnlySpan<int> weights = _rows.Weights(y);
            for (next = Math.Max(next, start); next < start + weights.Length; next++)
            {
                ResizeRow(image, _rows.FirstSource + next, pixels, narrowed.AsSpan(next * rowLength, rowLength));
            }

            Span<byte> row = target.AsSpan(y * rowLength, rowLength);
            WeighRows(narrowed.AsSpan(start * rowLength, weights.Length * rowLength), weights, row, from: _roundsRows ? 0 : _vectorLength);
            if (!_roundsRows)
            {
                WeighTaps(narrowed, y, row[.._vectorLength]);
            }
        }

        ArrayPool<Vector128<int>>.Shared.Return(pixels);
        ArrayPool<int>.Shared.Return(narrowed);
        return new RgbImage(_width, _height, target);
    }

    /// <summary>Resizes a source row to the target width.</summary>
    private void ResizeRow(RgbImage image, int y, Vector128<int>[] pixels, Span<int> target)
    {
        // The three samples of a pixel share a vector, so one multiplication applies a weight to all of them.
        ReadOnlySpan<byte> row = image.Pixels.AsSpan((y * _sourceWidth + _columns.FirstSource) * 3, _columns.SourceCount * 3);
        int next = 0;
        for (int x = 0; x < _width; x++)
        {
            int start = _columns.Start(x);
            ReadOnlySpan<int> weights = _columns.Weights(x);
            for (next = Math.Max(next, start); next < start + weights.Length; next++)
            {
                pixels[next] = Vector128.Create(row[next * 3], row[next * 3 + 1], row[next * 3 + 2], 0);
            }

            ReadOnlySpan<Vector128<int>> window = pixels.AsSpan(start, weights.Length);
            Vector128<int> sum = Vector128.Create(_roundsRows ? Half : 0);
            for (int k = 0; k < window.Length; k++)
            {
                sum += window[k] * weights[k];
            }

            if (_roundsRows)
            {
                sum = Vector128.Clamp(sum >> ResizeKernels.FractionBits, Vector128<int>.Zero, Vector128.Create(255));
            }

            (target[x * 3], target[x * 3 + 1], target[x * 3 + 2]) = (sum[0], sum[1], sum[2]);
        }
    }

    /// <summary>Adds up four weighted rows in single precision and in OpenCV's order, and rounds ties to even.</summary>
    private void WeighTaps(ReadOnlySpan<int> narrowed, int y, Span<byte> target)
    {
        int rowLength = _width * 3;
        const float Unit = 1f / (1 << ResizeKernels.FractionBits);
        ReadOnlySpan<int> weights = _rows.Taps(y);
        (float w0, float w1, float w2, float w3) = (weights[0] * Unit, weights[1] * Unit, weights[2] * Unit, weights[3] * Unit);
        ReadOnlySpan<int> r0 = narrowed.Slice(_rows.TapSource(y, 0) * rowLength, rowLength), r1 = narrowed.Slice(_rows.TapSource(y, 1) * rowLength, rowLength);
        ReadOnlySpan<int> r2 = narrowed.Slice(_rows.TapSource(y, 2) * rowLength, rowLength), r3 = narrowed.Slice(_rows.TapSource(y, 3) * rowLength, rowLength);
        int i = 0;
        for (; i <= target.Length - Vector256<int>.Count; i += Vector256<int>.Count)
        {
            Vector256<float> sum = Load(r0, i) * w0 + (Load(r1, i) * w1 + (Load(r2, i) * w2 + Load(r3, i) * w3));
            Vector256<int> rounded = Vector256.Clamp(Vector256.ConvertToInt32(Vector256.Round(sum)), Vector256<int>.Zero, Vector256.Create(255));
            Vector128<short> narrow = Vector128.Narrow(rounded.GetLower(), rounded.GetUpper());
            Vector128.Narrow(narrow, narrow).AsByte().GetLower().CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            float sum = r0[i] * w0 + (r1[i] * w1 + (r2[i] * w2 + r3[i] * w3));
            target[i] = (byte)Math.Clamp(MathF.Round(sum), 0, 255);
        }

        static Vector256<float> Load(ReadOnlySpan<int> row, int i) => Vector256.ConvertToSingle(Vector256.Create(row.Slice(i, Vector256<int>.Count)));
    }

    /// <summary>Adds up weighted rows, which follow one another, and rounds to 8 bits.</summary>
    private static void WeighRows(ReadOnlySpan<int> rows, ReadOnlySpan<int> weights, Span<byte> target, int from)
    {
        int i = from;
        for (; i <= target.Length - Vector256<int>.Count; i += Vector256<int>.Count)
        {
            Vector256<int> sum = Vector256.Create(Half);
            for (int k = 0; k < weights.Length; k++)
            {
                sum += Vector256.Create(rows.Slice(k * target.Length + i, Vector256<int>.Count)) * weights[k];
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
}
