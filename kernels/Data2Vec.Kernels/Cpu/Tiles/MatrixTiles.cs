using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The innermost kernels of every matrix product, of one number format and register width. A tile is a few rows by one or two vectors of
/// columns, whose sums stay in registers while it runs along the depth.
/// </summary>
/// <remarks>
/// Row <c>r</c> of the left side is <c>taps</c> runs of <c>depth</c> numbers, <c>tapStride</c> apart, from <c>left + r * rowStride</c>. So a
/// linear layer (one tap), a strided convolution (neighbouring rows as taps) and a grouped convolution (a few columns of neighbouring
/// rows) are the same product, and nothing is copied together first. Each sum is formed in the order of the depth by fused
/// multiply-adds, whatever the tile's height. So a row's result does not depend on the rows beside it.
/// </remarks>
internal readonly unsafe struct MatrixTiles
{
    /// <summary>The most rows of a tile of any width: 28 sums, two vectors of the right side and one of the left fill 31 of 32 registers.</summary>
    public const int MaxRows = 14;

    /// <summary>How far ahead code that reads weights once prefetches them: a page, where the hardware's own prefetching ends.</summary>
    public const int PrefetchBytes = 4096;

    private const int TableSize = 2 * (MaxRows + 1);

    private static readonly nint* s_functions = (nint*)NativeMemory.AllocZeroed((nuint)Enum.GetValues<TileFormat>().Length * TableSize, (nuint)sizeof(nint));
    private static readonly Lock s_lock = new();

    private readonly nint* _functions;
    private readonly TileFormat _format;

    private MatrixTiles(TileFormat format)
    {
        _format = format;
        _functions = s_functions + (int)format * TableSize;
    }

    /// <summary>Tiles of floats in vectors of a width; portable ones where code cannot be assembled.</summary>
    public static MatrixTiles Floats(int width) => !ExecutableMemory.IsAvailable ? default : width switch
    {
        16 => new MatrixTiles(TileFormat.Float16),
        8 => new MatrixTiles(TileFormat.Float8),
        _ => default,
    };

    /// <summary>Tiles of floats for <see cref="TileArguments.Columns"/>.</summary>
    public static MatrixTiles Columns(int width) => !ExecutableMemory.IsAvailable ? default : width switch
    {
        16 => new MatrixTiles(TileFormat.Columns16),
        8 => new MatrixTiles(TileFormat.Columns8),
        _ => default,
    };

    /// <summary>Tiles for what a product multiplies, in vectors of a width.</summary>
    public static MatrixTiles Create(ProductType type, int width) => type switch
    {
        ProductType.BFloat16 => new MatrixTiles(TileFormat.BFloat16),
        ProductType.Shorts => new MatrixTiles(TileFormat.Shorts),
        ProductType.Bytes => new MatrixTiles(TileFormat.Bytes),
        _ => Floats(width),
    };

    /// <summary>The tiles that rows are cut into.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="most">The most rows of a tile.</param>
    public static int Count(int rows, int most) => (rows + most - 1) / most;

    /// <summary>The height of the next of the tiles that rows are cut into, which are nearly equal.</summary>
    /// <inheritdoc cref="Count" path="/param"/>
    public static int Height(int rows, int most)
    {
        int tiles = Count(rows, most);
        return (rows + tiles - 1) / tiles;
    }

    /// <summary>Computes a tile.</summary>
    /// <param name="arguments">What it has in common with its neighbours.</param>
    /// <param name="rows">Its height, up to <see cref="ISimd{V}.TileRows"/>.</param>
    /// <param name="two">Whether it has two vectors of columns, not one.</param>
    /// <param name="left">The first number of its left side.</param>
    /// <param name="output">Its first number of the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run<S, V>(in TileArguments arguments, int rows, bool two, float* left, float* output)
        where S : struct, ISimd<V>
        where V : unmanaged
    {
        if (_functions == null)
        {
            if (AdvSimd.Arm64.IsSupported)
            {
                Arm64Tile.Run(arguments, rows, two, left, output);
            }
            else
            {
                PortableTile<S, V>.Run(arguments, rows, two, left, output);
            }

            return;
        }

        ref nint function = ref _functions[(two ? MaxRows + 1 : 0) + rows];
        nint address = Volatile.Read(ref function);
        if (address == 0)
        {
            address = Assemble(_format, rows, two, ref function);
        }

        fixed (TileArguments* pinned = &arguments)
        {
            ((delegate* unmanaged[SuppressGCTransition]<TileArguments*, float*, float*, void>)address)(pinned, left, output);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint Assemble(TileFormat format, int rows, bool two, ref nint function)
    {
        lock (s_lock)
        {
            if (function == 0)
            {
                Volatile.Write(ref function, ExecutableMemory.Place(TileAssembler.Assemble(format, rows, two ? 2 : 1, OperatingSystem.IsWindows())));
            }

            return function;
        }
    }
}
