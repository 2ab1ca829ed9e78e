using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using Data2Vec.Kernels.Cpu;
using Iced.Intel;
using X64 = Iced.Intel.Register;

namespace Data2Vec.Kernels.Tests;

/// <summary>The machine code of matrix tiles, decoded by an independent disassembler, for both calling conventions.</summary>
public unsafe class TileAssemblerTests
{
    /// <summary>The depth is unrolled four times, and runs once more for the rest.</summary>
    private const int StepsInCode = 5;

    public static TheoryData<int, bool> FormatsAndConventions => new MatrixTheoryData<int, bool>([.. Enum.GetValues<TileFormat>().Select(format => (int)format)], [false, true]);

    [Theory, MemberData(nameof(FormatsAndConventions))]
    public void A_tile_multiplies_every_row_by_every_vector_in_every_step(int format, bool windows)
    {
        Mnemonic multiplyAdd = (TileFormat)format switch
        {
            TileFormat.BFloat16 => Mnemonic.Vdpbf16ps,
            TileFormat.Shorts => Mnemonic.Vpdpwssd,
            TileFormat.Bytes => Mnemonic.Vpdpbusd,
            _ => Mnemonic.Vfmadd231ps,
        };
        bool isColumns = (TileFormat)format is TileFormat.Columns8 or TileFormat.Columns16;
        int largest = (TileFormat)format is TileFormat.Float8 or TileFormat.Columns8 ? Simd256.TileRows : MatrixTiles.MaxRows;
        for (int rows = 1; rows <= largest; rows++)
        {
            for (int vectors = 1; vectors <= 2; vectors++)
            {
                Instruction[] code = Decode(TileAssembler.Assemble((TileFormat)format, rows, vectors, windows));
                var products = code.Where(instruction => instruction.Mnemonic == multiplyAdd).ToArray();
                Assert.Equal(rows * vectors * StepsInCode, products.Length);
                for (int i = 0; i < products.Length; i += rows * vectors)
                {
                    Instruction[] step = products[i..(i + rows * vectors)];
                    Assert.Equal(rows * vectors, step.Select(instruction => instruction.Op0Register).Distinct().Count());
                    Assert.Single(step.Select(instruction => instruction.Op1Register).Distinct());
                    Assert.Equal(vectors, step.Select(instruction => instruction.Op2Register).Distinct().Count());
                    var factors = step.SelectMany(instruction => new[] { instruction.Op1Register, instruction.Op2Register });
                    Assert.Empty(step.Select(instruction => instruction.Op0Register).Intersect(factors));
                }

                Assert.Equal(rows * StepsInCode, code.Count(instruction => instruction.Mnemonic == Mnemonic.Vbroadcastss));
                Assert.Equal(vectors * rows, code.Count(instruction => instruction.Mnemonic == Mnemonic.Prefetcht0));
                Assert.Equal(isColumns ? StepsInCode : vectors * TileAssembler.Unroll, code.Count(instruction => instruction.Mnemonic == Mnemonic.Prefetcht1));
            }
        }
    }

    [Theory, MemberData(nameof(FormatsAndConventions))]
    public void A_tile_restores_the_registers_of_its_caller_and_jumps_only_to_its_own_instructions(int format, bool windows)
    {
        Instruction[] code = Decode(TileAssembler.Assemble((TileFormat)format, 6, 2, windows));
        Assert.Equal(
            code.Where(instruction => instruction.Mnemonic == Mnemonic.Push).Select(instruction => instruction.Op0Register),
            code.Where(instruction => instruction.Mnemonic == Mnemonic.Pop).Select(instruction => instruction.Op0Register).Reverse());
        Assert.Equal(Mnemonic.Ret, code[^1].Mnemonic);
        ulong[] starts = [.. code.Select(instruction => instruction.IP)];
        Instruction[] jumps = [.. code.Where(instruction => instruction.IsJccShortOrNear || instruction.IsJmpShortOrNear)];
        Assert.All(jumps, jump => Assert.Contains(jump.NearBranchTarget, starts));

        // Registers that a callee must keep: System V's general registers, and those of Windows with xmm6 to xmm15.
        X64[] kept = [X64.RBX, X64.RBP, X64.R12, X64.R13, X64.R14, X64.R15, .. windows ? [X64.RDI, X64.RSI] : Array.Empty<X64>()];
        var info = new InstructionInfoFactory();
        var written = code.SelectMany(instruction => info.GetInfo(instruction).GetUsedRegisters())
            .Where(used => used.Access is OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite)
            .Select(used => used.Register.GetFullRegister()).ToHashSet();
        var pushed = code.Where(instruction => instruction.Mnemonic == Mnemonic.Push).Select(instruction => instruction.Op0Register).ToHashSet();
        Assert.All(kept.Where(written.Contains), register => Assert.Contains(register, pushed));
        string[] saved = Moves(operand: 1), restored = Moves(operand: 0);
        Assert.Equal(windows ? [.. Enumerable.Range(6, 10).Select(i => $"XMM{i} at {16 * (i - 6)}")] : Array.Empty<string>(), saved);
        Assert.Equal(saved, restored);

        string[] Moves(int operand) =>
        [
            .. code.Where(instruction => instruction.Mnemonic == Mnemonic.Vmovups && instruction.MemoryBase == X64.RSP)
                .Where(instruction => instruction.GetOpKind(operand) == OpKind.Register)
                .Select(instruction => $"{instruction.GetOpRegister(operand)} at {instruction.MemoryDisplacement64}"),
        ];
    }

    [Fact]
    public void Tiles_of_this_processor_and_portable_ones_give_the_same_bits()
    {
        Assert.SkipUnless(ExecutableMemory.IsAvailable || AdvSimd.Arm64.IsSupported, "There are only portable tiles here.");
        if (AdvSimd.Arm64.IsSupported)
        {
            Compare<Simd128, Vector128<float>>();
        }

        if (CpuLevels.Best >= CpuLevel.Avx2)
        {
            Compare<Simd256, Vector256<float>>();
        }

        if (CpuLevels.Best >= CpuLevel.Avx512)
        {
            Compare<Simd512, Vector512<float>>();
        }

        static void Compare<S, V>()
            where S : struct, ISimd<V>
            where V : unmanaged
        {
            const int Depth = 37, Taps = 3, Stride = 40;
            float[] left = TestData.Numbers(1, MatrixTiles.MaxRows * Stride + Taps * Depth), right = TestData.Numbers(2, Taps * Depth * Stride);
            float[] before = TestData.Numbers(3, MatrixTiles.MaxRows * Stride);
            for (int rows = 1; rows <= S.TileRows; rows++)
            {
                foreach ((bool two, bool accumulate) in new[] { (false, false), (false, true), (true, false), (true, true) })
                {
                    float[] assembled = [.. before], portable = [.. before];
                    fixed (float* a = left, b = right, c = assembled, d = portable)
                    {
                        var arguments = new TileArguments(Stride, Depth, Taps, Depth, b, Stride, Stride, accumulate);
                        MatrixTiles.Floats(S.Width).Run<S, V>(arguments, rows, two, a, c);
                        PortableTile<S, V>.Run(arguments, rows, two, a, d);
                        Assert.NotEqual(before, assembled);
                        Assert.Equal(portable, assembled);

                        arguments = TileArguments.Columns(accumulate ? Depth : 3, MatrixTiles.MaxRows, b, Stride, Stride, a, 1);
                        MatrixTiles.Columns(S.Width).Run<S, V>(arguments, rows, two, a, c);
                        PortableTile<S, V>.Run(arguments, rows, two, a, d);
                    }

                    Assert.Equal(portable, assembled);
                }
            }
        }
    }

    private static Instruction[] Decode(byte[] code)
    {
        var decoder = Decoder.Create(64, code);
        var instructions = new List<Instruction>();
        while (decoder.IP < (ulong)code.Length)
        {
            instructions.Add(decoder.Decode());
            Assert.False(instructions[^1].IsInvalid, $"no instruction at byte {instructions[^1].IP}");
        }

        return [.. instructions];
    }
}
