using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>The instructions of compute capability 9.0 alone (PTX ISA: <c>wgmma</c>), which ILGPU has no names for.</summary>
/// <typeparam name="TShort">What both sides are in; the instructions here are those of bf16, see <see cref="CudaAssembly"/>.</typeparam>
internal struct CudaWarpgroupUnit<TShort> : IWarpgroupUnit
    where TShort : struct, IShort
{
    private const string Sums0 = "c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31";
    private const string Sums1 = "c32, c33, c34, c35, c36, c37, c38, c39, c40, c41, c42, c43, c44, c45, c46, c47, c48, c49, c50, c51, c52, c53, c54, c55, c56, c57, c58, c59, c60, c61, c62, c63";
    private const string Sums2 = "c64, c65, c66, c67, c68, c69, c70, c71, c72, c73, c74, c75, c76, c77, c78, c79, c80, c81, c82, c83, c84, c85, c86, c87, c88, c89, c90, c91, c92, c93, c94, c95";
    private const string Sums64 = "{" + Sums0 + "}";
    private const string Sums128 = "{" + Sums0 + ", " + Sums1 + "}";
    private const string Sums192 = "{" + Sums0 + ", " + Sums1 + ", " + Sums2 + "}";

    // A matrix's descriptor: its address, the distance of its halves of 64 columns (8 KiB) and of its atoms (1 KiB), in sixteens, and that lines are of 128 bytes.
    private const string Describe =
        "add.u32 at, shared, %0; shr.u32 at, at, 4; mov.b64 left, {at, 0x40000040}; "
        + "add.u32 at, shared, %1; shr.u32 at, at, 4; or.b32 at, at, 0x02000000; mov.b64 right, {at, 0x40000040}; "
        + "wgmma.fence.sync.aligned; ";

    private const string Multiply64 = "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " + Sums64;
    private const string Multiply128 = "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 " + Sums128;
    private const string Multiply192 = "wgmma.mma_async.sync.aligned.m64n192k16.f32.bf16.bf16 " + Sums192;

    // Both sides are as they are, and the right one is turned over: its lines are along the columns.
    private const string Next = ", left, right, always, 1, 1, 0, 1; ";
    private const string Deeper = "add.s64 left, left, 2; add.s64 right, right, 128; ";
    private const string Last = "wgmma.commit_group.sync.aligned;";
    private const string Places = "add.u32 at, base, %0; add.u32 below, base, %1; ";

    public static void Begin(ArrayView<float> shared)
    {
        CudaAsm.Emit(".reg .u32 base, shared, at, below; .reg .b64 left, right; .reg .pred always; .reg .f32 c<96>;");
        CudaAsm.Emit("mov.u32 base, __dyn_shared_alloca; add.u32 shared, base, 1023; and.b32 shared, shared, 0xFFFFFC00; setp.eq.u32 always, 0, 0;");
        CudaAsm.Emit("mov.f32 c0, 0f00000000; mov.f32 c1, 0f00000000; mov.f32 c2, 0f00000000; mov.f32 c3, 0f00000000; mov.f32 c4, 0f00000000; mov.f32 c5, 0f00000000; mov.f32 c6, 0f00000000; mov.f32 c7, 0f00000000; mov.f32 c8, 0f00000000; mov.f32 c9, 0f00000000; mov.f32 c10, 0f00000000; mov.f32 c11, 0f00000000; mov.f32 c12, 0f00000000; mov.f32 c13, 0f00000000; mov.f32 c14, 0f00000000; mov.f32 c15, 0f00000000; mov.f32 c16, 0f00000000; mov.f32 c17, 0f00000000; mov.f32 c18, 0f00000000; mov.f32 c19, 0f00000000; mov.f32 c20, 0f00000000; mov.f32 c21, 0f00000000; mov.f32 c22, 0f00000000; mov.f32 c23, 0f00000000; mov.f32 c24, 0f00000000; mov.f32 c25, 0f00000000; mov.f32 c26, 0f00000000; mov.f32 c27, 0f00000000; mov.f32 c28, 0f00000000; mov.f32 c29, 0f00000000; mov.f32 c30, 0f00000000; mov.f32 c31, 0f00000000;");
        CudaAsm.Emit("mov.f32 c32, 0f00000000; mov.f32 c33, 0f00000000; mov.f32 c34, 0f00000000; mov.f32 c35, 0f00000000; mov.f32 c36, 0f00000000; mov.f32 c37, 0f00000000; mov.f32 c38, 0f00000000; mov.f32 c39, 0f00000000; mov.f32 c40, 0f00000000; mov.f32 c41, 0f00000000; mov.f32 c42, 0f00000000; mov.f32 c43, 0f00000000; mov.f32 c44, 0f00000000; mov.f32 c45, 0f00000000; mov.f32 c46, 0f00000000; mov.f32 c47, 0f00000000; mov.f32 c48, 0f00000000; mov.f32 c49, 0f00000000; mov.f32 c50, 0f00000000; mov.f32 c51, 0f00000000; mov.f32 c52, 0f00000000; mov.f32 c53, 0f00000000; mov.f32 c54, 0f00000000; mov.f32 c55, 0f00000000; mov.f32 c56, 0f00000000; mov.f32 c57, 0f00000000; mov.f32 c58, 0f00000000; mov.f32 c59, 0f00000000; mov.f32 c60, 0f00000000; mov.f32 c61, 0f00000000; mov.f32 c62, 0f00000000; mov.f32 c63, 0f00000000;");
        CudaAsm.Emit("mov.f32 c64, 0f00000000; mov.f32 c65, 0f00000000; mov.f32 c66, 0f00000000; mov.f32 c67, 0f00000000; mov.f32 c68, 0f00000000; mov.f32 c69, 0f00000000; mov.f32 c70, 0f00000000; mov.f32 c71, 0f00000000; mov.f32 c72, 0f00000000; mov.f32 c73, 0f00000000; mov.f32 c74, 0f00000000; mov.f32 c75, 0f00000000; mov.f32 c76, 0f00000000; mov.f32 c77, 0f00000000; mov.f32 c78, 0f00000000; mov.f32 c79, 0f00000000; mov.f32 c80, 0f00000000; mov.f32 c81, 0f00000000; mov.f32 c82, 0f00000000; mov.f32 c83, 0f00000000; mov.f32 c84, 0f00000000; mov.f32 c85, 0f00000000; mov.f32 c86, 0f00000000; mov.f32 c87, 0f00000000; mov.f32 c88, 0f00000000; mov.f32 c89, 0f00000000; mov.f32 c90, 0f00000000; mov.f32 c91, 0f00000000; mov.f32 c92, 0f00000000; mov.f32 c93, 0f00000000; mov.f32 c94, 0f00000000; mov.f32 c95, 0f00000000;");
    }

    public static void Prefetch(long address) => CudaAsm.Emit("prefetch.global.L1 [%0];", address);

    public static void Copy(int destination, long source, int count) =>
        CudaAsm.Emit("add.u32 at, shared, %0; cp.async.cg.shared.global [at], [%1], 16, %2;", destination, source, count);

    public static void Commit() => CudaAsm.Emit("cp.async.commit_group;");

    public static void WaitForCopies(int groups)
    {
        if (groups == 0)
        {
            CudaAsm.Emit("cp.async.wait_group 0; fence.proxy.async.shared::cta;");
        }
        else if (groups == 1)
        {
            CudaAsm.Emit("cp.async.wait_group 1; fence.proxy.async.shared::cta;");
        }
        else
        {
            CudaAsm.Emit("cp.async.wait_group 4; fence.proxy.async.shared::cta;");
        }
    }

    public static void Multiply(int columns, int left, int right)
    {
        if (columns == 64)
        {
            CudaAsm.Emit(
                Describe + Multiply64 + Next + Deeper + Multiply64 + Next + Deeper + Multiply64 + Next + Deeper + Multiply64 + Next + Last,
                left, right);
        }
        else if (columns == 128)
        {
            CudaAsm.Emit(
                Describe + Multiply128 + Next + Deeper + Multiply128 + Next + Deeper + Multiply128 + Next + Deeper + Multiply128 + Next + Last,
                left, right);
        }
        else
        {
            CudaAsm.Emit(
                Describe + Multiply192 + Next + Deeper + Multiply192 + Next + Deeper + Multiply192 + Next + Deeper + Multiply192 + Next + Last,
                left, right);
        }
    }

    public static void WaitForProducts(int count)
    {
        if (count == 0)
        {
            CudaAsm.Emit("wgmma.wait_group.sync.aligned 0;");
        }
        else
        {
            CudaAsm.Emit("wgmma.wait_group.sync.aligned 1;");
        }
    }

    public static void Store(int part, int upper, int lower)
    {
        if (part == 0)
        {
            CudaAsm.Emit(
                Places + "st.shared.v2.f32 [at], {c0, c1}; st.shared.v2.f32 [below], {c2, c3};"
                + "st.shared.v2.f32 [at + 32], {c4, c5}; st.shared.v2.f32 [below + 32], {c6, c7};"
                + "st.shared.v2.f32 [at + 64], {c8, c9}; st.shared.v2.f32 [below + 64], {c10, c11};"
                + "st.shared.v2.f32 [at + 96], {c12, c13}; st.shared.v2.f32 [below + 96], {c14, c15};"
                + "st.shared.v2.f32 [at + 128], {c16, c17}; st.shared.v2.f32 [below + 128], {c18, c19};"
                + "st.shared.v2.f32 [at + 160], {c20, c21}; st.shared.v2.f32 [below + 160], {c22, c23};"
                + "st.shared.v2.f32 [at + 192], {c24, c25}; st.shared.v2.f32 [below + 192], {c26, c27};"
                + "st.shared.v2.f32 [at + 224], {c28, c29}; st.shared.v2.f32 [below + 224], {c30, c31};",
                upper, lower);
        }
        else if (part == 1)
        {
            CudaAsm.Emit(
                Places + "st.shared.v2.f32 [at], {c32, c33}; st.shared.v2.f32 [below], {c34, c35};"
                + "st.shared.v2.f32 [at + 32], {c36, c37}; st.shared.v2.f32 [below + 32], {c38, c39};"
                + "st.shared.v2.f32 [at + 64], {c40, c41}; st.shared.v2.f32 [below + 64], {c42, c43};"
                + "st.shared.v2.f32 [at + 96], {c44, c45}; st.shared.v2.f32 [below + 96], {c46, c47};"
                + "st.shared.v2.f32 [at + 128], {c48, c49}; st.shared.v2.f32 [below + 128], {c50, c51};"
                + "st.shared.v2.f32 [at + 160], {c52, c53}; st.shared.v2.f32 [below + 160], {c54, c55};"
                + "st.shared.v2.f32 [at + 192], {c56, c57}; st.shared.v2.f32 [below + 192], {c58, c59};"
                + "st.shared.v2.f32 [at + 224], {c60, c61}; st.shared.v2.f32 [below + 224], {c62, c63};",
                upper, lower);
        }
        else
        {
            CudaAsm.Emit(
                Places + "st.shared.v2.f32 [at], {c64, c65}; st.shared.v2.f32 [below], {c66, c67};"
                + "st.shared.v2.f32 [at + 32], {c68, c69}; st.shared.v2.f32 [below + 32], {c70, c71};"
                + "st.shared.v2.f32 [at + 64], {c72, c73}; st.shared.v2.f32 [below + 64], {c74, c75};"
                + "st.shared.v2.f32 [at + 96], {c76, c77}; st.shared.v2.f32 [below + 96], {c78, c79};"
                + "st.shared.v2.f32 [at + 128], {c80, c81}; st.shared.v2.f32 [below + 128], {c82, c83};"
                + "st.shared.v2.f32 [at + 160], {c84, c85}; st.shared.v2.f32 [below + 160], {c86, c87};"
                + "st.shared.v2.f32 [at + 192], {c88, c89}; st.shared.v2.f32 [below + 192], {c90, c91};"
                + "st.shared.v2.f32 [at + 224], {c92, c93}; st.shared.v2.f32 [below + 224], {c94, c95};",
                upper, lower);
        }
    }
}
