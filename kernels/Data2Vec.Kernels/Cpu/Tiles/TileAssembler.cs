using static Data2Vec.Kernels.Cpu.Register;

namespace Data2Vec.Kernels.Cpu;

/// <summary>What a tile multiplies, and in which registers.</summary>
internal enum TileFormat
{
    /// <summary>Floats in 256-bit registers.</summary>
    Float8,

    /// <summary>Floats in 512-bit registers.</summary>
    Float16,

    /// <summary>Words of two bf16, with sums in f32 (<c>vdpbf16ps</c>).</summary>
    BFloat16,

    /// <summary>Words of two signed integers of 16 bits, with sums in i32 (<c>vpdpwssd</c>).</summary>
    Shorts,

    /// <summary>Words of four bytes, unsigned on the left and signed on the right, with sums in i32 (<c>vpdpbusd</c>).</summary>
    Bytes,

    /// <summary>Floats in 256-bit registers, with the left side by columns (<see cref="TileArguments.Columns"/>).</summary>
    Columns8,

    /// <summary>Floats in 512-bit registers, with the left side by columns.</summary>
    Columns16,
}

/// <summary>Writes the machine code of matrix tiles. Each sum is formed in the order of the depth, as in <see cref="PortableTile{S, V}"/>.</summary>
internal static class TileAssembler
{
    private const int WordBytes = 4, LineBytes = 64, RowsPerPointer = 3;

    /// <summary>The steps along the depth that are unrolled.</summary>
    public const int Unroll = 4;

    private const int FirstSavedVector = 6, SavedVectors = 10, SavedVectorBytes = 16;

    private const Register Arguments = Rax, TapStart = Rbx, Taps = Rcx, Depth = Rdx, Stride = Rbp, Right = Rsi, RightStep = Rdi, RowStep = R8, Output = R9;

    private static readonly Register[] s_pointers = [R10, R11, R12, R13, R14];
    private static readonly Register[] s_saved = [Rbx, Rbp, R12, R13, R14, R15, Rdi, Rsi];

    /// <summary>The code of a function <c>void (TileArguments*, left side, sums)</c>.</summary>
    /// <param name="format">What the tile multiplies.</param>
    /// <param name="rows">The tile's height, 1 to <see cref="MatrixTiles.MaxRows"/>; in 256-bit registers up to 6.</param>
    /// <param name="vectors">One or two vectors of columns.</param>
    /// <param name="windows">Whether to follow the calling convention of Windows; otherwise that of System V.</param>
    public static byte[] Assemble(TileFormat format, int rows, int vectors, bool windows)
    {
        bool isColumns = format is TileFormat.Columns8 or TileFormat.Columns16, isShort = format is TileFormat.Float8 or TileFormat.Columns8;
        int vectorBytes = isShort ? 32 : 64, last = isShort ? 15 : 31;

        // The last registers hold two vectors of the right side and a number of the left side; the first ones hold the sums.
        int firstRight = last - 1, left = last - 2;
        VectorOpcode multiplyAdd = format switch
        {
            TileFormat.BFloat16 => VectorOpcode.DotBFloat16,
            TileFormat.Shorts => VectorOpcode.DotShorts,
            TileFormat.Bytes => VectorOpcode.DotBytes,
            _ => VectorOpcode.MultiplyAdd,
        };
        VectorOpcode add = format is TileFormat.Shorts or TileFormat.Bytes ? VectorOpcode.AddIntegers : VectorOpcode.Add;
        int pointers = (rows + RowsPerPointer - 1) / RowsPerPointer;

        // What to prefetch. A left side that is given by columns has one pointer; otherwise the stride of the result is only needed afterwards.
        Register ahead = isColumns ? R10 : R15, aheadStep = isColumns ? R11 : Stride;
        var c = new X64Emitter();
        Enter(c, windows);

        LoadStride(RowStep, isColumns ? TileArgument.TapStride : TileArgument.RowStride);
        LoadStride(RightStep, TileArgument.PanelStride);
        LoadStride(Stride, TileArgument.OutputStride);
        c.Load(Right, Field(TileArgument.Panel));
        Clear();
        c.Move(Depth, Output);
        ForEachSum((_, vector) => c.Prefetch(new Address(Depth, vector * vectorBytes)), Depth);
        c.Load(ahead, Field(TileArgument.Ahead));
        LoadStride(aheadStep, TileArgument.AheadStride);
        if (isColumns)
        {
            c.Load(Depth, Field(TileArgument.Taps));
            RunDepth();
        }
        else
        {
            RunTaps();
            LoadStride(Stride, TileArgument.OutputStride);
        }

        AddResult();
        ForEachSum((row, vector) => c.Vector(VectorOpcode.Store, vectorBytes, Sum(row, vector), new Address(Output, vector * vectorBytes)), Output);
        Leave(c, windows);
        return c.ToArray();

        int Sum(int row, int vector) => row * vectors + vector;

        void Clear()
        {
            for (int sum = 0; sum < rows * vectors; sum++)
            {
                c.Vector(VectorOpcode.Xor, vectorBytes, sum, sum, sum);
            }
        }

        void AddResult()
        {
            c.Load(Depth, Field(TileArgument.Accumulate));
            c.Compare(Depth, 0);
            int isFirst = c.JumpAhead(Condition.Equal);
            c.Move(TapStart, Output);
            ForEachSum(
                (row, vector) => c.Vector(add, vectorBytes, Sum(row, vector), new Address(TapStart, vector * vectorBytes), Sum(row, vector)),
                TapStart);
            c.Land(isFirst);
        }

        void RunTaps()
        {
            c.Load(Taps, Field(TileArgument.Taps));
            int nextTap = c.Position;
            c.Move(s_pointers[0], TapStart);
            for (int i = 1; i < pointers; i++)
            {
                c.LoadAddress(s_pointers[i], new Address(s_pointers[i - 1], 0, RowStep, 2));
                c.Add(s_pointers[i], RowStep);
            }

            c.Load(Depth, Field(TileArgument.Depth));
            RunDepth();
            c.Load(Depth, Field(TileArgument.TapStride));
            c.LoadAddress(TapStart, new Address(TapStart, 0, Depth, WordBytes));
            c.Subtract(Taps, 1);
            c.JumpBack(Condition.Greater, nextTap);
        }

        void RunDepth()
        {
            c.Compare(Depth, Unroll);
            int few = c.JumpAhead(Condition.Less);
            int many = c.Position;
            Steps(Unroll);
            c.Compare(Depth, Unroll);
            c.JumpBack(Condition.GreaterOrEqual, many);
            c.Land(few);
            c.Compare(Depth, 0);
            int done = c.JumpAhead(Condition.LessOrEqual);
            int one = c.Position;
            Steps(1);
            c.JumpBack(Condition.Greater, one);
            c.Land(done);
        }

        void LoadStride(Register register, TileArgument field)
        {
            c.Load(register, Field(field));
            c.ShiftLeft(register, 2);
        }

        void ForEachSum(Action<int, int> action, Register pointer)
        {
            for (int row = 0; row < rows; row++)
            {
                for (int vector = 0; vector < vectors; vector++)
                {
                    action(row, vector);
                }

                c.Add(pointer, Stride);
            }
        }

        // Leaves the flags of the subtraction from the depth.
        void Steps(int count)
        {
            for (int step = 0; step < count; step++)
            {
                for (int vector = 0; vector < vectors; vector++)
                {
                    c.Vector(VectorOpcode.Load, vectorBytes, firstRight + vector, new Address(Right, vector * vectorBytes));
                }

                for (int vector = 0; vector < vectors && count == Unroll && !isColumns; vector++)
                {
                    c.Prefetch(new Address(ahead, (step * vectors + vector) * LineBytes), level: 2);
                }

                c.Add(Right, RightStep);
                for (int row = 0; row < rows; row++)
                {
                    int index = row % RowsPerPointer;
                    Address number = isColumns ? new Address(TapStart, row * WordBytes)
                        : new Address(s_pointers[row / RowsPerPointer], step * WordBytes, index == 0 ? null : RowStep, Math.Max(index, 1));
                    c.Vector(VectorOpcode.Broadcast, vectorBytes, left, number);
                    for (int vector = 0; vector < vectors; vector++)
                    {
                        c.Vector(multiplyAdd, vectorBytes, Sum(row, vector), left, firstRight + vector);
                    }
                }

                if (isColumns)
                {
                    c.Add(TapStart, RowStep);
                    c.Prefetch(new Address(ahead), level: 2);
                    c.Add(ahead, aheadStep);
                }
            }

            if (count == Unroll && !isColumns)
            {
                c.Add(ahead, aheadStep);
            }

            for (int i = 0; i < pointers && !isColumns; i++)
            {
                c.Add(s_pointers[i], count * WordBytes);
            }

            c.Subtract(Depth, count);
        }
    }

    private static Address Field(TileArgument field) => new(Arguments, (int)field * sizeof(long));

    /// <summary>Saves what the caller keeps in registers, and moves the parameters to where the tile uses them.</summary>
    private static void Enter(X64Emitter c, bool windows)
    {
        foreach (Register register in s_saved)
        {
            c.Push(register);
        }

        if (windows)
        {
            c.Subtract(Rsp, SavedVectors * SavedVectorBytes);
            for (int i = 0; i < SavedVectors; i++)
            {
                c.Vector(VectorOpcode.Store, SavedVectorBytes, FirstSavedVector + i, new Address(Rsp, i * SavedVectorBytes));
            }
        }

        c.Move(Arguments, windows ? Rcx : Rdi);
        c.Move(TapStart, windows ? Rdx : Rsi);
        c.Move(Output, windows ? R8 : Rdx);
    }

    private static void Leave(X64Emitter c, bool windows)
    {
        c.ZeroUpper();
        if (windows)
        {
            for (int i = 0; i < SavedVectors; i++)
            {
                c.Vector(VectorOpcode.Load, SavedVectorBytes, FirstSavedVector + i, new Address(Rsp, i * SavedVectorBytes));
            }

            c.Add(Rsp, SavedVectors * SavedVectorBytes);
        }

        for (int i = s_saved.Length - 1; i >= 0; i--)
        {
            c.Pop(s_saved[i]);
        }

        c.Return();
    }
}
