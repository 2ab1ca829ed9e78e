using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Images cut into tiles of 4 x 4 outputs, which the images' right and lower edges may cut off.</summary>
/// <param name="x">The pixels of the images.</param>
/// <param name="height">The lines of an image.</param>
/// <param name="width">The pixels of a line.</param>
/// <param name="padding">The lines and columns of zeros around an image.</param>
/// <param name="zeros">A pixel of zeros.</param>
/// <param name="output">Receives the pixels of the results.</param>
internal readonly unsafe struct WinogradTiles<S, V>(Tensor x, int height, int width, int padding, float* zeros, Tensor output)
    where S : struct, ISimd<V>
    where V : unmanaged
{
    private const int Inputs = WinogradTransform.Inputs, Outputs = WinogradTransform.Outputs, Positions = WinogradTransform.Positions;

    private readonly int _lines = height + 2 * padding - 2;
    private readonly int _columns = width + 2 * padding - 2;
    private readonly int _tileColumns = TilesAlong(width, padding);
    private readonly int _tilesOfImage = TilesAlong(height, padding) * TilesAlong(width, padding);

    public int Count => x.Rows / (height * width) * _tilesOfImage;

    private static int TilesAlong(int length, int padding) => (length + 2 * padding - 3) / Outputs + 1;

    /// <summary>Transforms the inputs of a tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="to">Receives its channels at the first position.</param>
    /// <param name="stride">From a position to the next.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Transform(int tile, float* to, nint stride)
    {
        float** pixels = stackalloc float*[Positions];
        (int image, int line, int column) = Place(tile);
        for (int i = 0; i < Inputs; i++)
        {
            int h = line + i - padding;
            for (int j = 0; j < Inputs; j++)
            {
                int w = column + j - padding;
                bool isInside = h >= 0 && h < height && w >= 0 && w < width;
                pixels[i * Inputs + j] = isInside ? x.Row((image * height + h) * width + w) : zeros;
            }
        }

        byte* memory = stackalloc byte[(Positions + 1) * sizeof(V)];
        V* half = Align(memory);
        int channels = x.Columns;
        for (int c = 0; c < channels; c += S.Width)
        {
            float** pixel = pixels;
            for (int j = 0; j < Inputs; j++, pixel++)
            {
                WinogradTransform.Input<S, V>(
                    S.Load(pixel[0] + c), S.Load(pixel[Inputs] + c), S.Load(pixel[2 * Inputs] + c),
                    S.Load(pixel[3 * Inputs] + c), S.Load(pixel[4 * Inputs] + c), S.Load(pixel[5 * Inputs] + c),
                    (float*)(half + j), Inputs * S.Width);
            }

            V* row = half;
            float* position = to + c;
            for (int i = 0; i < Inputs; i++, row += Inputs, position += Inputs * stride)
            {
                WinogradTransform.Input<S, V>(row[0], row[1], row[2], row[3], row[4], row[5], position, stride);
            }
        }
    }

    /// <summary>Transforms the products of a tile, and writes its outputs after bias and activation.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="products">Its products at the first position, of some outputs side by side.</param>
    /// <param name="stride">From a position to the next.</param>
    /// <param name="first">The first of these outputs.</param>
    /// <param name="count">Their number.</param>
    /// <param name="bias">The bias of the first of them.</param>
    /// <param name="activation">The activation.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Finish(int tile, float* products, nint stride, int first, int count, float* bias, Activation activation)
    {
        float** rows = stackalloc float*[Outputs * Outputs];
        (int image, int line, int column) = Place(tile);
        int height = Math.Min(Outputs, _lines - line);
        byte* memory = stackalloc byte[(Outputs * Inputs + 1) * sizeof(V)];
        V* half = Align(memory);
        for (int i = 0; i < height; i++)
        {
            for (int j = 0; j < Outputs; j++)
            {
                rows[i * Outputs + j] = output.Row((image * _lines + line + i) * _columns + Math.Min(column + j, _columns - 1)) + first;
            }
        }

        for (int c = 0; c < count; c += S.Width)
        {
            float* m = products + c;
            for (int j = 0; j < Inputs; j++, m += stride)
            {
                WinogradTransform.Output<S, V>(
                    S.Load(m), S.Load(m + 6 * stride), S.Load(m + 12 * stride), S.Load(m + 18 * stride), S.Load(m + 24 * stride), S.Load(m + 30 * stride),
                    out half[j], out half[Inputs + j], out half[2 * Inputs + j], out half[3 * Inputs + j]);
            }

            V* row = half;
            float** to = rows;
            V add = S.Load(bias + c);
            int left = count - c;
            for (int i = 0; i < height; i++, row += Inputs, to += Outputs)
            {
                WinogradTransform.Output<S, V>(row[0], row[1], row[2], row[3], row[4], row[5], out V y0, out V y1, out V y2, out V y3);

                // Columns past the edge of the image go to its last column, whose own value comes last.
                RowKernels<S, V>.StoreFirst(to[3] + c, RowKernels<S, V>.Activate(S.Add(y3, add), activation), left);
                RowKernels<S, V>.StoreFirst(to[2] + c, RowKernels<S, V>.Activate(S.Add(y2, add), activation), left);
                RowKernels<S, V>.StoreFirst(to[1] + c, RowKernels<S, V>.Activate(S.Add(y1, add), activation), left);
                RowKernels<S, V>.StoreFirst(to[0] + c, RowKernels<S, V>.Activate(S.Add(y0, add), activation), left);
            }
        }
    }

    /// <summary>The first whole vector, so that none crosses a cache line.</summary>
    private static V* Align(byte* memory) => (V*)(((nint)memory + sizeof(V) - 1) & -sizeof(V));

    private (int Image, int Line, int Column) Place(int tile)
    {
        (int image, int index) = Math.DivRem(tile, _tilesOfImage);
        (int line, int column) = Math.DivRem(index, _tileColumns);
        return (image, line * Outputs, column * Outputs);
    }
}
