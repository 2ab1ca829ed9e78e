using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Data2Vec.Kernels.Cpu.Dot;

/// <summary>
/// Writes the machine code of matrix tiles like those of <see cref="MatrixTile{S, V}"/> whose numbers are 32-bit units: two bf16
/// (<c>vdpbf16ps</c>, sums in f32), or four bytes (<c>vpdpbusd</c>, unsigned on the left and signed on the right, sums in i32).
/// </summary>
internal static class DotTileAssembler
{
    /// <summary>As in <see cref="MatrixTile{S, V}"/>.</summary>
    private const int PrefetchBytes = 4096;
    private const int UnitBytes = 4, VectorBytes = 64, Unroll = 4, RowsPerPointer = 3;
    private const int SavedVectors = 10, SavedBytes = 16;

    private static readonly AssemblerRegisterZMM[] s_vectors =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegisterXMM[] s_saved = [xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    /// <summary>The code of a function <c>void (TileArguments*, units of the left side, sums)</c> in the system's calling convention.</summary>
    /// <param name="type">bf16 or i8.</param>
    /// <param name="rows">The tile's height, 1 to 14.</param>
    /// <param name="vectors">One or two vectors of columns.</param>
    public static byte[] Assemble(ElementType type, int rows, int vectors)
    {
        var c = new Assembler(64);
        bool windows = OperatingSystem.IsWindows();

        // What is what while the function runs. zmm30 and zmm31 hold the right side, zmm29 a number of the left side.
        AssemblerRegister64 arguments = windows ? rcx : rdi, left = windows ? rdx : rsi, sums = windows ? r8 : rdx;
        AssemblerRegister64[] saved = [rbx, rbp, r12, r13, r14, r15, rdi, rsi];
        foreach (AssemblerRegister64 register in saved)
        {
            c.push(register);
        }

        if (windows)
        {
            c.sub(rsp, SavedVectors * SavedBytes);
            for (int i = 0; i < SavedVectors; i++)
            {
                c.movups(__[rsp + i * SavedBytes], s_saved[i]);
            }
        }

        // To the registers used below, whatever the convention.
        c.mov(rax, arguments);
        c.mov(rbx, left);
        c.mov(r15, sums);
        AssemblerRegister64 tapStart = rbx, output = r15, taps = rcx, depth = rdx, right = rsi, rightStep = rdi, row = r8, twoRows = r9;
        AssemblerRegister64[] pointers = [r10, r11, r12, r13, r14];
        int pointerCount = (rows + RowsPerPointer - 1) / RowsPerPointer;
        AssemblerRegisterZMM Sum(int r, int v) => s_vectors[r * vectors + v];

        c.mov(row, __[rax + 0]);
        c.shl(row, 2);
        c.lea(twoRows, __[row + row]);
        c.mov(right, __[rax + 24]);
        c.mov(rightStep, __[rax + 32]);
        c.shl(rightStep, 2);
        c.movsxd(taps, __dword_ptr[rax + 16]);

        Label fresh = c.CreateLabel(), nextTap = c.CreateLabel();
        c.cmp(__byte_ptr[rax + 48], 0);
        c.je(fresh);
        c.mov(rbp, __[rax + 40]);
        c.shl(rbp, 2);
        c.mov(depth, output);
        for (int r = 0; r < rows; r++)
        {
            for (int v = 0; v < vectors; v++)
            {
                c.vmovups(Sum(r, v), __[depth + v * VectorBytes]);
            }

            c.add(depth, rbp);
        }

        c.jmp(nextTap);
        c.Label(ref fresh);
        for (int i = 0; i < rows * vectors; i++)
        {
            c.vpxord(s_vectors[i], s_vectors[i], s_vectors[i]);
        }

        Label many = c.CreateLabel(), few = c.CreateLabel(), tapDone = c.CreateLabel();
        c.Label(ref nextTap);
        c.mov(pointers[0], tapStart);
        for (int i = 1; i < pointerCount; i++)
        {
            c.lea(pointers[i], __[pointers[i - 1] + twoRows]);
            c.add(pointers[i], row);
        }

        c.movsxd(depth, __dword_ptr[rax + 20]);
        c.Label(ref many);
        c.cmp(depth, Unroll);
        c.jl(few);
        for (int step = 0; step < Unroll; step++)
        {
            Step(step);
        }

        Advance(Unroll);
        c.sub(depth, Unroll);
        c.jmp(many);
        c.Label(ref few);
        c.test(depth, depth);
        c.jle(tapDone);
        Step(0);
        Advance(1);
        c.dec(depth);
        c.jmp(few);

        c.Label(ref tapDone);
        c.mov(rbp, __[rax + 8]);
        c.lea(tapStart, __[tapStart + rbp * UnitBytes]);
        c.dec(taps);
        c.jg(nextTap);

        c.mov(rbp, __[rax + 40]);
        c.shl(rbp, 2);
        for (int r = 0; r < rows; r++)
        {
            for (int v = 0; v < vectors; v++)
            {
                c.vmovups(__[output + v * VectorBytes], Sum(r, v));
            }

            c.add(output, rbp);
        }

        c.vzeroupper();
        if (windows)
        {
            for (int i = 0; i < SavedVectors; i++)
            {
                c.movups(s_saved[i], __[rsp + i * SavedBytes]);
            }

            c.add(rsp, SavedVectors * SavedBytes);
        }

        foreach (AssemblerRegister64 register in saved.Reverse())
        {
            c.pop(register);
        }

        c.ret();
        using var stream = new MemoryStream();
        c.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();

        void Step(int step)
        {
            c.vmovups(zmm30, __[right]);
            if (vectors > 1)
            {
                c.vmovups(zmm31, __[right + VectorBytes]);
            }

            c.prefetcht0(__byte_ptr[right + PrefetchBytes]);
            if (vectors > 1)
            {
                c.prefetcht0(__byte_ptr[right + PrefetchBytes + VectorBytes]);
            }

            c.add(right, rightStep);
            for (int r = 0; r < rows; r++)
            {
                AssemblerRegister64 pointer = pointers[r / RowsPerPointer];
                c.vpbroadcastd(zmm29, (r % RowsPerPointer) switch
                {
                    0 => __dword_ptr[pointer + step * UnitBytes],
                    1 => __dword_ptr[pointer + row + step * UnitBytes],
                    _ => __dword_ptr[pointer + twoRows + step * UnitBytes],
                });
                for (int v = 0; v < vectors; v++)
                {
                    AssemblerRegisterZMM columns = v == 0 ? zmm30 : zmm31;
                    if (type == ElementType.BF16)
                    {
                        c.vdpbf16ps(Sum(r, v), zmm29, columns);
                    }
                    else
                    {
                        c.vpdpbusd(Sum(r, v), zmm29, columns);
                    }
                }
            }
        }

        void Advance(int steps)
        {
            for (int i = 0; i < pointerCount; i++)
            {
                c.add(pointers[i], steps * UnitBytes);
            }
        }
    }
}
