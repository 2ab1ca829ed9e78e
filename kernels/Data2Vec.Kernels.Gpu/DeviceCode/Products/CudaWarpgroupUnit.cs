using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Warpgroup instructions of compute capability 9.0 (PTX ISA: <c>wgmma</c>). <see cref="PtxTemplate"/> expands the loops.</summary>
/// <typeparam name="TFormat">Format of both sides. The instructions are those of bf16, see <see cref="CudaAssembly"/>.</typeparam>
internal struct CudaWarpgroupUnit<TFormat> : IWarpgroupUnit
    where TFormat : struct, IFloat16Format
{
    // A matrix descriptor: address, distance between halves of 64 columns (8 KiB) and between atoms (1 KiB), each in units of 16 bytes; lines have 128 bytes.
    private const string Describe =
        "add.u32 at, shared, %0; shr.u32 at, at, 4; mov.b64 left, {at, 0x40000040}; "
        + "add.u32 at, shared, %1; shr.u32 at, at, 4; or.b32 at, at, 0x02000000; mov.b64 right, {at, 0x40000040}; wgmma.fence.sync.aligned; ";

    // The right side is transposed: its lines run along the columns.
    private const string Product = "wgmma.mma_async.sync.aligned.m64n%2k16.f32.bf16.bf16 {<i:0..%2/2|c$i|, >}, left, right, always, 1, 1, 0, 1; ";
    private const string Advance = "add.s64 left, left, 2; add.s64 right, right, 128; ";

    public static void Begin(ArrayView<float> shared) => CudaAsm.Emit(
        ".reg .u32 base, shared, at, below; .reg .b64 left, right; .reg .pred always; .reg .f32 c<96>; mov.u32 base, __dyn_shared_alloca; "
        + "add.u32 shared, base, 1023; and.b32 shared, shared, 0xFFFFFC00; setp.eq.u32 always, 0, 0; <i:0..96|mov.f32 c$i, 0f00000000; >");

    public static void Prefetch(long address) => CudaAsm.Emit("prefetch.global.L1 [%0];", address);

    public static void Copy(int destination, long source, int count) =>
        CudaAsm.Emit("add.u32 at, shared, %0; cp.async.cg.shared.global [at], [%1], 16, %2;", destination, source, count);

    public static void Commit() => CudaAsm.Emit("cp.async.commit_group;");

    public static void WaitForCopies(int groups) => CudaAsm.Emit("cp.async.wait_group %0; fence.proxy.async.shared::cta;", groups);

    public static void Multiply(int columns, int left, int right) =>
        CudaAsm.Emit(Describe + "<k:0..4|" + Product + "|" + Advance + ">wgmma.commit_group.sync.aligned;", left, right, columns);

    public static void WaitForProducts(int count) => CudaAsm.Emit("wgmma.wait_group.sync.aligned %0;", count);

    public static void Store(int part, int upper, int lower) => CudaAsm.Emit(
        "add.u32 at, base, %0; add.u32 below, base, %1; <n:0..8|st.shared.v2.f32 [at + $(32*n)], {c$(32*%2+4*n), c$(32*%2+4*n+1)}; "
        + "st.shared.v2.f32 [below + $(32*n)], {c$(32*%2+4*n+2), c$(32*%2+4*n+3)}; >",
        upper, lower, part);
}
