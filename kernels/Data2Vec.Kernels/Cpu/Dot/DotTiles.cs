using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Cpu.Dot;

/// <summary>The tiles of one number format, each assembled when it is first used.</summary>
internal sealed unsafe class DotTiles
{
    private const int Heights = 15;

    /// <summary>Products of bf16 with sums in f32.</summary>
    public static readonly DotTiles Bf16 = new(ElementType.BF16);

    /// <summary>Products of unsigned with signed bytes, sums in i32.</summary>
    public static readonly DotTiles Int8 = new(ElementType.I8);

    private readonly ElementType _type;
    private readonly nint* _functions = (nint*)NativeMemory.AllocZeroed(2 * Heights, (nuint)sizeof(nint));
    private readonly Lock _lock = new();

    private DotTiles(ElementType type) => _type = type;

    /// <summary>The functions by <see cref="Index"/>; those that were not prepared are null.</summary>
    public nint* Functions => _functions;

    /// <summary>Where the function of a tile is.</summary>
    public static int Index(int rows, bool two) => (two ? Heights : 0) + rows;

    /// <summary>Makes sure that the tiles are there that a block of rows is cut into: one or two heights, nearly equal, up to 14.</summary>
    public void Prepare(int rows)
    {
        const int Largest = Heights - 1;
        int tiles = (rows + Largest - 1) / Largest;
        for (int height = rows / tiles; height <= (rows + tiles - 1) / tiles; height++)
        {
            Assemble(height, two: false);
            Assemble(height, two: true);
        }
    }

    private void Assemble(int height, bool two)
    {
        ref nint function = ref _functions[Index(height, two)];
        if (Volatile.Read(ref function) != 0)
        {
            return;
        }

        lock (_lock)
        {
            if (function == 0)
            {
                Volatile.Write(ref function, ExecutableMemory.Place(DotTileAssembler.Assemble(_type, height, two ? 2 : 1)));
            }
        }
    }
}
