using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Tensor core instructions of compute capability 8.0 (PTX ISA: <c>cp.async</c>, <c>ldmatrix</c>, <c>mma.m16n8k16</c>).</summary>
/// <remarks>
/// Matrices live in named registers: <c>a</c> holds the left side, <c>b</c> the right side, <c>c</c> the sums, 32 registers for each 16 rows. Values that
/// ILGPU reads out of an instruction pass through local memory, where some of them stay. <see cref="PtxTemplate"/> expands the loops.
/// </remarks>
/// <typeparam name="TNumbers">Format of both sides. The instructions are those of bf16, see <see cref="CudaAssembly"/>.</typeparam>
internal struct CudaTensorUnit<TNumbers> : ITensorUnit
    where TNumbers : struct, IPacked4
{
    private const string At = "add.u32 at, shared, %0; ";
    private const string AtAndBelow = "add.u32 at, shared, %0; add.u32 below, shared, %1; ";
    private const string Sums = "{<i:0..4|c$(32*%0+4*n+i)|, >}";

    public static void Begin(ArrayView<float> shared) => CudaAsm.Emit(
        ".reg .u32 shared, at, below; .reg .b32 a<4>, b<16>; .reg .f32 c<128>; <i:0..128|mov.f32 c$i, 0f00000000; >mov.u32 shared, __dyn_shared_alloca;");

    public static void Copy(int destination, long source, int count) =>
        CudaAsm.Emit(At + "cp.async.cg.shared.global [at], [%1], 16, %2;", destination, source, count);

    public static void Commit() => CudaAsm.Emit("cp.async.commit_group;");

    public static void WaitForAllButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    public static void WaitForAll() => CudaAsm.Emit("cp.async.wait_group 0;");

    public static void LoadRight(int column, int address, int pitch)
    {
        if (TNumbers.Bytes == 4)
        {
            CudaAsm.Emit(
                AtAndBelow + "ld.shared.b32 b$(4*%3), [at]; ld.shared.b32 b$(4*%3+2), [below]; "
                + "add.u32 at, at, %2; add.u32 below, below, %2; ld.shared.b32 b$(4*%3+1), [at]; ld.shared.b32 b$(4*%3+3), [below];",
                address, address ^ 32, 4 * pitch, column);
        }
        else
        {
            CudaAsm.Emit(At + "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {<i:0..4|b$(4*%1+i)|, >}, [at];", address, column);
        }
    }

    public static void MultiplyAdd(int row, int columns, int address)
    {
        CudaAsm.Emit(At + "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {a0, a1, a2, a3}, [at];", address);
        if (TNumbers.Bytes == 4)
        {
            CudaAsm.Emit("<i:0..4|cvt.rna.tf32.f32 a$i, a$i; >");
        }

        CudaAsm.Emit(
            "<n:0..%1/8|mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 " + Sums + ", {a0, a1, a2, a3}, {b$(2*n), b$(2*n+1)}, " + Sums + "; >",
            row, columns);
    }

    public static void Store(int row, int columns, int upper, int lower) => CudaAsm.Emit(
        "<half:0..%3/32|" + AtAndBelow + "<n:4*half..4*half+4|st.shared.v2.f32 [at + $(32*n)], {c$(32*%2+4*n), c$(32*%2+4*n+1)}; "
        + "st.shared.v2.f32 [below + $(32*n)], {c$(32*%2+4*n+2), c$(32*%2+4*n+3)}; >>",
        upper, lower, row, columns);
}
