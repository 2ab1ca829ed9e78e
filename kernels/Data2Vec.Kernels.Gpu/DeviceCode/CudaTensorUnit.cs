using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>The instructions of compute capability 8.0 (PTX ISA: <c>cp.async</c>, <c>ldmatrix</c>, <c>mma.m16n8k16</c>), which ILGPU has no names for.</summary>
/// <remarks>
/// Matrices lie in registers with names of their own: a and b have the left and the right side, c to f the sums of sixteen rows each.
/// What ILGPU takes out of an instruction it passes through local memory, where some of it stays.
/// </remarks>
/// <typeparam name="TNumbers">What both sides are in; the instructions here are those of bf16, see <see cref="CudaAssembly"/>.</typeparam>
internal struct CudaTensorUnit<TNumbers> : ITensorUnit
    where TNumbers : struct, IStoredFour
{
    private const string Multiply = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";
    private const string LoadLeft = "add.u32 at, shared, %0; ldmatrix.sync.aligned.m8n8.x4.shared.b16 {a0, a1, a2, a3}, [at];";
    private const string Places = "add.u32 at, shared, %0; add.u32 below, shared, %1; ";
    private const string LoadColumns = "add.u32 at, shared, %0; ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 ";

    public static void Begin(ArrayView<float> shared)
    {
        CudaAsm.Emit(".reg .u32 shared, at, below; .reg .b32 a<4>, b<16>; .reg .f32 c<32>, d<32>, e<32>, f<32>;");
        CudaAsm.Emit("mov.f32 c0, 0f00000000; mov.f32 c1, 0f00000000; mov.f32 c2, 0f00000000; mov.f32 c3, 0f00000000; mov.f32 c4, 0f00000000; mov.f32 c5, 0f00000000; mov.f32 c6, 0f00000000; mov.f32 c7, 0f00000000; mov.f32 c8, 0f00000000; mov.f32 c9, 0f00000000; mov.f32 c10, 0f00000000; mov.f32 c11, 0f00000000; mov.f32 c12, 0f00000000; mov.f32 c13, 0f00000000; mov.f32 c14, 0f00000000; mov.f32 c15, 0f00000000;");
        CudaAsm.Emit("mov.f32 c16, 0f00000000; mov.f32 c17, 0f00000000; mov.f32 c18, 0f00000000; mov.f32 c19, 0f00000000; mov.f32 c20, 0f00000000; mov.f32 c21, 0f00000000; mov.f32 c22, 0f00000000; mov.f32 c23, 0f00000000; mov.f32 c24, 0f00000000; mov.f32 c25, 0f00000000; mov.f32 c26, 0f00000000; mov.f32 c27, 0f00000000; mov.f32 c28, 0f00000000; mov.f32 c29, 0f00000000; mov.f32 c30, 0f00000000; mov.f32 c31, 0f00000000;");
        CudaAsm.Emit("mov.f32 d0, 0f00000000; mov.f32 d1, 0f00000000; mov.f32 d2, 0f00000000; mov.f32 d3, 0f00000000; mov.f32 d4, 0f00000000; mov.f32 d5, 0f00000000; mov.f32 d6, 0f00000000; mov.f32 d7, 0f00000000; mov.f32 d8, 0f00000000; mov.f32 d9, 0f00000000; mov.f32 d10, 0f00000000; mov.f32 d11, 0f00000000; mov.f32 d12, 0f00000000; mov.f32 d13, 0f00000000; mov.f32 d14, 0f00000000; mov.f32 d15, 0f00000000;");
        CudaAsm.Emit("mov.f32 d16, 0f00000000; mov.f32 d17, 0f00000000; mov.f32 d18, 0f00000000; mov.f32 d19, 0f00000000; mov.f32 d20, 0f00000000; mov.f32 d21, 0f00000000; mov.f32 d22, 0f00000000; mov.f32 d23, 0f00000000; mov.f32 d24, 0f00000000; mov.f32 d25, 0f00000000; mov.f32 d26, 0f00000000; mov.f32 d27, 0f00000000; mov.f32 d28, 0f00000000; mov.f32 d29, 0f00000000; mov.f32 d30, 0f00000000; mov.f32 d31, 0f00000000;");
        CudaAsm.Emit("mov.f32 e0, 0f00000000; mov.f32 e1, 0f00000000; mov.f32 e2, 0f00000000; mov.f32 e3, 0f00000000; mov.f32 e4, 0f00000000; mov.f32 e5, 0f00000000; mov.f32 e6, 0f00000000; mov.f32 e7, 0f00000000; mov.f32 e8, 0f00000000; mov.f32 e9, 0f00000000; mov.f32 e10, 0f00000000; mov.f32 e11, 0f00000000; mov.f32 e12, 0f00000000; mov.f32 e13, 0f00000000; mov.f32 e14, 0f00000000; mov.f32 e15, 0f00000000;");
        CudaAsm.Emit("mov.f32 e16, 0f00000000; mov.f32 e17, 0f00000000; mov.f32 e18, 0f00000000; mov.f32 e19, 0f00000000; mov.f32 e20, 0f00000000; mov.f32 e21, 0f00000000; mov.f32 e22, 0f00000000; mov.f32 e23, 0f00000000; mov.f32 e24, 0f00000000; mov.f32 e25, 0f00000000; mov.f32 e26, 0f00000000; mov.f32 e27, 0f00000000; mov.f32 e28, 0f00000000; mov.f32 e29, 0f00000000; mov.f32 e30, 0f00000000; mov.f32 e31, 0f00000000;");
        CudaAsm.Emit("mov.f32 f0, 0f00000000; mov.f32 f1, 0f00000000; mov.f32 f2, 0f00000000; mov.f32 f3, 0f00000000; mov.f32 f4, 0f00000000; mov.f32 f5, 0f00000000; mov.f32 f6, 0f00000000; mov.f32 f7, 0f00000000; mov.f32 f8, 0f00000000; mov.f32 f9, 0f00000000; mov.f32 f10, 0f00000000; mov.f32 f11, 0f00000000; mov.f32 f12, 0f00000000; mov.f32 f13, 0f00000000; mov.f32 f14, 0f00000000; mov.f32 f15, 0f00000000;");
        CudaAsm.Emit("mov.f32 f16, 0f00000000; mov.f32 f17, 0f00000000; mov.f32 f18, 0f00000000; mov.f32 f19, 0f00000000; mov.f32 f20, 0f00000000; mov.f32 f21, 0f00000000; mov.f32 f22, 0f00000000; mov.f32 f23, 0f00000000; mov.f32 f24, 0f00000000; mov.f32 f25, 0f00000000; mov.f32 f26, 0f00000000; mov.f32 f27, 0f00000000; mov.f32 f28, 0f00000000; mov.f32 f29, 0f00000000; mov.f32 f30, 0f00000000; mov.f32 f31, 0f00000000;");
        CudaAsm.Emit("mov.u32 shared, __dyn_shared_alloca;");
    }

    public static void Copy(int destination, long source, int count) =>
        CudaAsm.Emit("add.u32 at, shared, %0; cp.async.cg.shared.global [at], [%1], 16, %2;", destination, source, count);

    public static void Commit() => CudaAsm.Emit("cp.async.commit_group;");

    public static void WaitForAllButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    public static void WaitForAll() => CudaAsm.Emit("cp.async.wait_group 0;");

    public static void LoadRight(int column, int address, int pitch)
    {
        if (TNumbers.Bytes == 4)
        {
            LoadSingles(column, address, address ^ 32, 4 * pitch);
        }
        else if (column == 0)
        {
            CudaAsm.Emit(LoadColumns + "{b0, b1, b2, b3}, [at];", address);
        }
        else if (column == 1)
        {
            CudaAsm.Emit(LoadColumns + "{b4, b5, b6, b7}, [at];", address);
        }
        else if (column == 2)
        {
            CudaAsm.Emit(LoadColumns + "{b8, b9, b10, b11}, [at];", address);
        }
        else
        {
            CudaAsm.Emit(LoadColumns + "{b12, b13, b14, b15}, [at];", address);
        }
    }

    public static void MultiplyAdd(int row, bool isWide, int address)
    {
        CudaAsm.Emit(LoadLeft, address);
        if (TNumbers.Bytes == 4)
        {
            CudaAsm.Emit("cvt.rna.tf32.f32 a0, a0; cvt.rna.tf32.f32 a1, a1; cvt.rna.tf32.f32 a2, a2; cvt.rna.tf32.f32 a3, a3;");
        }

        if (row == 0)
        {
            CudaAsm.Emit(
                Multiply + "{c0, c1, c2, c3}, {a0, a1, a2, a3}, {b0, b1}, {c0, c1, c2, c3};"
                + Multiply + "{c4, c5, c6, c7}, {a0, a1, a2, a3}, {b2, b3}, {c4, c5, c6, c7};"
                + Multiply + "{c8, c9, c10, c11}, {a0, a1, a2, a3}, {b4, b5}, {c8, c9, c10, c11};"
                + Multiply + "{c12, c13, c14, c15}, {a0, a1, a2, a3}, {b6, b7}, {c12, c13, c14, c15};");
            if (isWide)
            {
                CudaAsm.Emit(
                    Multiply + "{c16, c17, c18, c19}, {a0, a1, a2, a3}, {b8, b9}, {c16, c17, c18, c19};"
                    + Multiply + "{c20, c21, c22, c23}, {a0, a1, a2, a3}, {b10, b11}, {c20, c21, c22, c23};"
                    + Multiply + "{c24, c25, c26, c27}, {a0, a1, a2, a3}, {b12, b13}, {c24, c25, c26, c27};"
                    + Multiply + "{c28, c29, c30, c31}, {a0, a1, a2, a3}, {b14, b15}, {c28, c29, c30, c31};");
            }
        }
        else if (row == 1)
        {
            CudaAsm.Emit(
                Multiply + "{d0, d1, d2, d3}, {a0, a1, a2, a3}, {b0, b1}, {d0, d1, d2, d3};"
                + Multiply + "{d4, d5, d6, d7}, {a0, a1, a2, a3}, {b2, b3}, {d4, d5, d6, d7};"
                + Multiply + "{d8, d9, d10, d11}, {a0, a1, a2, a3}, {b4, b5}, {d8, d9, d10, d11};"
                + Multiply + "{d12, d13, d14, d15}, {a0, a1, a2, a3}, {b6, b7}, {d12, d13, d14, d15};");
            if (isWide)
            {
                CudaAsm.Emit(
                    Multiply + "{d16, d17, d18, d19}, {a0, a1, a2, a3}, {b8, b9}, {d16, d17, d18, d19};"
                    + Multiply + "{d20, d21, d22, d23}, {a0, a1, a2, a3}, {b10, b11}, {d20, d21, d22, d23};"
                    + Multiply + "{d24, d25, d26, d27}, {a0, a1, a2, a3}, {b12, b13}, {d24, d25, d26, d27};"
                    + Multiply + "{d28, d29, d30, d31}, {a0, a1, a2, a3}, {b14, b15}, {d28, d29, d30, d31};");
            }
        }
        else if (row == 2)
        {
            CudaAsm.Emit(
                Multiply + "{e0, e1, e2, e3}, {a0, a1, a2, a3}, {b0, b1}, {e0, e1, e2, e3};"
                + Multiply + "{e4, e5, e6, e7}, {a0, a1, a2, a3}, {b2, b3}, {e4, e5, e6, e7};"
                + Multiply + "{e8, e9, e10, e11}, {a0, a1, a2, a3}, {b4, b5}, {e8, e9, e10, e11};"
                + Multiply + "{e12, e13, e14, e15}, {a0, a1, a2, a3}, {b6, b7}, {e12, e13, e14, e15};");
            if (isWide)
            {
                CudaAsm.Emit(
                    Multiply + "{e16, e17, e18, e19}, {a0, a1, a2, a3}, {b8, b9}, {e16, e17, e18, e19};"
                    + Multiply + "{e20, e21, e22, e23}, {a0, a1, a2, a3}, {b10, b11}, {e20, e21, e22, e23};"
                    + Multiply + "{e24, e25, e26, e27}, {a0, a1, a2, a3}, {b12, b13}, {e24, e25, e26, e27};"
                    + Multiply + "{e28, e29, e30, e31}, {a0, a1, a2, a3}, {b14, b15}, {e28, e29, e30, e31};");
            }
        }
        else
        {
            CudaAsm.Emit(
                Multiply + "{f0, f1, f2, f3}, {a0, a1, a2, a3}, {b0, b1}, {f0, f1, f2, f3};"
                + Multiply + "{f4, f5, f6, f7}, {a0, a1, a2, a3}, {b2, b3}, {f4, f5, f6, f7};"
                + Multiply + "{f8, f9, f10, f11}, {a0, a1, a2, a3}, {b4, b5}, {f8, f9, f10, f11};"
                + Multiply + "{f12, f13, f14, f15}, {a0, a1, a2, a3}, {b6, b7}, {f12, f13, f14, f15};");
            if (isWide)
            {
                CudaAsm.Emit(
                    Multiply + "{f16, f17, f18, f19}, {a0, a1, a2, a3}, {b8, b9}, {f16, f17, f18, f19};"
                    + Multiply + "{f20, f21, f22, f23}, {a0, a1, a2, a3}, {b10, b11}, {f20, f21, f22, f23};"
                    + Multiply + "{f24, f25, f26, f27}, {a0, a1, a2, a3}, {b12, b13}, {f24, f25, f26, f27};"
                    + Multiply + "{f28, f29, f30, f31}, {a0, a1, a2, a3}, {b14, b15}, {f28, f29, f30, f31};");
            }
        }
    }

    public static void Store(int row, bool isWide, int upper, int lower)
    {
        if (row == 0)
        {
            CudaAsm.Emit(
                Places + "st.shared.v2.f32 [at], {c0, c1}; st.shared.v2.f32 [below], {c2, c3};"
                + "st.shared.v2.f32 [at + 32], {c4, c5}; st.shared.v2.f32 [below + 32], {c6, c7};"
                + "st.shared.v2.f32 [at + 64], {c8, c9}; st.shared.v2.f32 [below + 64], {c10, c11};"
                + "st.shared.v2.f32 [at + 96], {c12, c13}; st.shared.v2.f32 [below + 96], {c14, c15};",
                upper, lower);
            if (isWide)
            {
                CudaAsm.Emit(
                    Places + "st.shared.v2.f32 [at + 128], {c16, c17}; st.shared.v2.f32 [below + 128], {c18, c19};"
                    + "st.shared.v2.f32 [at + 160], {c20, c21}; st.shared.v2.f32 [below + 160], {c22, c23};"
                    + "st.shared.v2.f32 [at + 192], {c24, c25}; st.shared.v2.f32 [below + 192], {c26, c27};"
                    + "st.shared.v2.f32 [at + 224], {c28, c29}; st.shared.v2.f32 [below + 224], {c30, c31};",
                    upper, lower);
            }
        }
        else if (row == 1)
        {
            CudaAsm.Emit(
                Places + "st.shared.v2.f32 [at], {d0, d1}; st.shared.v2.f32 [below], {d2, d3};"
                + "st.shared.v2.f32 [at + 32], {d4, d5}; st.shared.v2.f32 [below + 32], {d6, d7};"
                + "st.shared.v2.f32 [at + 64], {d8, d9}; st.shared.v2.f32 [below + 64], {d10, d11};"
                + "st.shared.v2.f32 [at + 96], {d12, d13}; st.shared.v2.f32 [below + 96], {d14, d15};",
                upper, lower);
            if (isWide)
            {
                CudaAsm.Emit(
                    Places + "st.shared.v2.f32 [at + 128], {d16, d17}; st.shared.v2.f32 [below + 128], {d18, d19};"
                    + "st.shared.v2.f32 [at + 160], {d20, d21}; st.shared.v2.f32 [below + 160], {d22, d23};"
                    + "st.shared.v2.f32 [at + 192], {d24, d25}; st.shared.v2.f32 [below + 192], {d26, d27};"
                    + "st.shared.v2.f32 [at + 224], {d28, d29}; st.shared.v2.f32 [below + 224], {d30, d31};",
                    upper, lower);
            }
        }
        else if (row == 2)
        {
            CudaAsm.Emit(
                Places + "st.shared.v2.f32 [at], {e0, e1}; st.shared.v2.f32 [below], {e2, e3};"
                + "st.shared.v2.f32 [at + 32], {e4, e5}; st.shared.v2.f32 [below + 32], {e6, e7};"
                + "st.shared.v2.f32 [at + 64], {e8, e9}; st.shared.v2.f32 [below + 64], {e10, e11};"
                + "st.shared.v2.f32 [at + 96], {e12, e13}; st.shared.v2.f32 [below + 96], {e14, e15};",
                upper, lower);
            if (isWide)
            {
                CudaAsm.Emit(
                    Places + "st.shared.v2.f32 [at + 128], {e16, e17}; st.shared.v2.f32 [below + 128], {e18, e19};"
                    + "st.shared.v2.f32 [at + 160], {e20, e21}; st.shared.v2.f32 [below + 160], {e22, e23};"
                    + "st.shared.v2.f32 [at + 192], {e24, e25}; st.shared.v2.f32 [below + 192], {e26, e27};"
                    + "st.shared.v2.f32 [at + 224], {e28, e29}; st.shared.v2.f32 [below + 224], {e30, e31};",
                    upper, lower);
            }
        }
        else
        {
            CudaAsm.Emit(
                Places + "st.shared.v2.f32 [at], {f0, f1}; st.shared.v2.f32 [below], {f2, f3};"
                + "st.shared.v2.f32 [at + 32], {f4, f5}; st.shared.v2.f32 [below + 32], {f6, f7};"
                + "st.shared.v2.f32 [at + 64], {f8, f9}; st.shared.v2.f32 [below + 64], {f10, f11};"
                + "st.shared.v2.f32 [at + 96], {f12, f13}; st.shared.v2.f32 [below + 96], {f14, f15};",
                upper, lower);
            if (isWide)
            {
                CudaAsm.Emit(
                    Places + "st.shared.v2.f32 [at + 128], {f16, f17}; st.shared.v2.f32 [below + 128], {f18, f19};"
                    + "st.shared.v2.f32 [at + 160], {f20, f21}; st.shared.v2.f32 [below + 160], {f22, f23};"
                    + "st.shared.v2.f32 [at + 192], {f24, f25}; st.shared.v2.f32 [below + 192], {f26, f27};"
                    + "st.shared.v2.f32 [at + 224], {f28, f29}; st.shared.v2.f32 [below + 224], {f30, f31};",
                    upper, lower);
            }
        }
    }

    private static void LoadSingles(int column, int address, int next, int fourRows)
    {
        if (column == 0)
        {
            CudaAsm.Emit(
                Places + "ld.shared.b32 b0, [at]; ld.shared.b32 b2, [below]; add.u32 at, at, %2; add.u32 below, below, %2; ld.shared.b32 b1, [at]; ld.shared.b32 b3, [below];",
                address, next, fourRows);
        }
        else if (column == 1)
        {
            CudaAsm.Emit(
                Places + "ld.shared.b32 b4, [at]; ld.shared.b32 b6, [below]; add.u32 at, at, %2; add.u32 below, below, %2; ld.shared.b32 b5, [at]; ld.shared.b32 b7, [below];",
                address, next, fourRows);
        }
        else if (column == 2)
        {
            CudaAsm.Emit(
                Places + "ld.shared.b32 b8, [at]; ld.shared.b32 b10, [below]; add.u32 at, at, %2; add.u32 below, below, %2; ld.shared.b32 b9, [at]; ld.shared.b32 b11, [below];",
                address, next, fourRows);
        }
        else
        {
            CudaAsm.Emit(
                Places + "ld.shared.b32 b12, [at]; ld.shared.b32 b14, [below]; add.u32 at, at, %2; add.u32 below, below, %2; ld.shared.b32 b13, [at]; ld.shared.b32 b15, [below];",
                address, next, fourRows);
        }
    }
}
