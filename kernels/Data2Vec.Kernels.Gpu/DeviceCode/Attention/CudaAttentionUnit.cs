using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// Attention with instructions of compute capability 8.0 (PTX ISA: <c>cp.async</c>, <c>ldmatrix</c>, <c>mma.m16n8k16</c>, <c>ex2</c>, <c>shfl</c>).
/// </summary>
/// <remarks>
/// A warp's state lives in named registers, in groups of four as <c>mma</c> holds them. <c>q</c>: queries. <c>s</c>: scores, four registers for each
/// eight keys; those of the second 16 queries begin at <c>s32</c>. <c>o</c>: sums of weighted values, four registers for each eight features; those of
/// the second 16 queries, or of the second 64 features, begin at <c>o32</c>. For each of a thread's queries, <c>h</c> is the reference score,
/// <c>l</c> the sum of weights, <c>d</c> the decay and <c>n</c> the offset of exponents. <c>a</c>: left sides of products for the first 16 queries,
/// then the second; <c>b</c>: a right side; <c>x</c>, <c>y</c>, <c>t</c>: temporaries. <see cref="PtxTemplate"/> expands the loops: <c>g</c> counts groups
/// of 16 queries, <c>r</c> a thread's queries, <c>e</c> groups of eight keys or features, <c>n</c> the two products of a right side.
/// </remarks>
/// <typeparam name="TFormat">Format of everything except biases. The instructions are those of bf16, see <see cref="CudaAssembly"/>.</typeparam>
internal struct CudaAttentionUnit<TFormat> : IAttentionUnit
    where TFormat : struct, IFloat16Format
{
    private const string At = "add.u32 at, shared, %0; ";
    private const string Multiply = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";
    private const string Sides = ", {<i:0..4|a$(4*g+i)|, >}, {b$(2*n), b$(2*n+1)}, ";
    private const string LoadMatrices = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";
    private const string LoadRightTransposed = "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {b0, b1, b2, b3}, ";
    private const string ScoresOfKeys = "{<i:0..4|s$(32*g+8*t+4*n+i)|, >}";
    private const string SumsOfFeatures = "{<i:0..4|o$(32*g+32*%6+8*t+4*n+i)|, >}";

    // The maximum, or sum, of a row, which four threads share.
    private const string MaxOfThreads = "<m:1..3|shfl.sync.bfly.b32 y0, t$r, $m, 31, -1; max.f32 t$r, t$r, y0; >";
    private const string SumOfThreads = "<m:1..3|shfl.sync.bfly.b32 y0, l$r, $m, 31, -1; add.f32 l$r, l$r, y0; >";

    // Sets p where the new maximum exceeds the reference by so much that weights would exceed 2^8.
    private const string CompareWithReference = "sub.f32 d$r, h$r, t$r; mul.f32 d$r, d$r, scale; setp.lt.f32 r, d$r, 0fC1000000; or.pred p, p, r; ";

    // The new maximum becomes the reference; what was summed relative to the old one decays.
    private const string Decay = "ex2.approx.ftz.f32 d$r, d$r; mov.f32 h$r, t$r; mul.f32 n$r, t$r, scale; neg.f32 n$r, n$r; mul.f32 l$r, l$r, d$r; ";
    private const string ScaleSums = "<i:0..%1/2|mul.f32 o$(32*g+i), o$(32*g+i), d$(2*g+(i/2&1)); >";

    public static void Begin(ArrayView<float> shared, float scale) => CudaAsm.Emit(
        ".reg .pred p, r; .reg .u32 shared, at; .reg .b32 q<32>, a<8>, b<4>; "
        + ".reg .f32 s<64>, o<64>, h<4>, l<4>, d<4>, n<4>, t<4>, x<8>, y<4>, scale, inverse, weight; .reg .u32 v<4>; .reg .u64 w<4>; "
        + "mov.u32 shared, __dyn_shared_alloca; <i:0..64|mov.f32 o$i, 0f00000000; ><r:0..4|mov.f32 l$r, 0f00000000; mov.f32 h$r, 0fF149F2CA; >"
        + "mul.f32 scale, %0, 0f3FB8AA3B; rcp.approx.ftz.f32 inverse, %0;",
        scale);

    public static void Copy(int destination, long source, int rows) =>
        CudaAsm.Emit(At + "setp.le.s32 p, %2, 0; cp.async.cg.shared.global [at], [%1], 16, p;", destination, source, rows);

    public static void Commit() => CudaAsm.Emit("cp.async.commit_group;");

    public static void WaitForAllButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    public static void LoadQueries(int sixteen, int address) => CudaAsm.Emit(At + LoadMatrices + "{<i:0..4|q$(4*%1+i)|, >}, [at];", address, sixteen);

    public static void LoadSlope(long address) =>
        CudaAsm.Emit("ld.global.nc.f32 weight, [%0]; mul.f32 weight, weight, inverse; neg.f32 weight, weight;", address);

    public static void ScaleQueries(int queries, int features, float scale) => CudaAsm.Emit(
        "{ .reg .b32 power, rest; .reg .f32 one; mov.b32 power, %0; and.b32 rest, power, 0x007FFFFF; or.b32 rest, rest, 0x3F800000; mov.b32 one, rest; "
        + "mul.f32 scale, one, 0f3FB8AA3B; and.b32 power, power, 0x7F800000; mov.b32 one, power; cvt.rn.bf16x2.f32 a0, one, one; } "
        + "mov.b32 a1, 0x80008000; <i:0..%1*%2/64|fma.rn.bf16x2 q$i, q$i, a0, a1; >",
        scale, queries, features);

    public static void Scores(int step, int queries, int features, bool hasTable, int address)
    {
        if (step == 0 && hasTable)
        {
            // Converts the table's numbers to units of the products.
            CudaAsm.Emit(
                "{ setp.eq.f32 p, scale, 0f3FB8AA3B; @p bra EXACT; rcp.approx.ftz.f32 inverse, scale; mul.f32 inverse, inverse, 0f3FB8AA3B; "
                + "<i:0..%0*128/%1|mul.f32 s$i, s$i, inverse; > EXACT: }",
                queries, features);
        }
        else if (step == 0)
        {
            CudaAsm.Emit("<i:0..64|mov.f32 s$i, 0f00000000; >");
        }

        CudaAsm.Emit("<g:0..%1/16|<i:0..4|mov.b32 a$(4*g+i), q$(16*g+4*%0+i); >>", step, queries);
        CudaAsm.Emit(
            At + "<t:0..256/%2|" + LoadMatrices + "{b0, b1, b2, b3}, [at + $(2048*t)]; "
            + "<g:0..%1/16|<n:0..2|" + Multiply + ScoresOfKeys + Sides + ScoresOfKeys + "; >>>",
            address, queries, features);
    }

    public static void LoadTable(int sixteen, int queries, long table, int row0, int row8, int row16, int row24, int keys) => CudaAsm.Emit(
        "cvt.u64.u32 w0, %1; cvt.u64.u32 w1, %2; add.u64 w0, w0, %0; add.u64 w1, w1, %0; "
        + "<g:1..%7/16|cvt.u64.u32 w2, %3; cvt.u64.u32 w3, %4; add.u64 w2, w2, %0; add.u64 w3, w3, %0; >"
        + "<e:2*%6..2*%6+2|setp.gt.s32 p, %5, $(8*e); <r:0..%7/8|@p ld.global.nc.v2.f32 {<i:0..2|s$(32*(r/2)+4*e+2*(r&1)+i)|, >}, [w$r + $(32*e)]; >>",
        table, row0, row8, row16, row24, keys, sixteen, queries);

    public static void AddSlopes(int part, int features, float distance) => CudaAsm.Emit(
        "<e:0..512/%2|<i:0..4|add.f32 x$i, %0, #(8*(i/2)-(i&1)-8*e); abs.f32 x$i, x$i; >"
        + "<i:0..4|fma.rn.f32 s$(32*%1+4*e+i), x$i, weight, s$(32*%1+4*e+i); >>",
        distance, part, features);

    public static void Mask(int queries, int features, int keys) => CudaAsm.Emit(
        "<g:0..%1/16|<e:0..512/%2|setp.le.s32 p, %0, $(8*e); setp.le.s32 r, %0, $(8*e+1); "
        + "<i:0..2|@p mov.f32 s$(32*g+4*e+2*i), 0fF149F2CA; @r mov.f32 s$(32*g+4*e+2*i+1), 0fF149F2CA; >>>",
        keys, queries, features);

    public static void Rescale(int queries, int features) => CudaAsm.Emit(
        "mov.pred p, 0; <g:0..%0/16|<r:2*g..2*g+2|mov.f32 t$r, h$r; >"
        + "<t:0..256/%1|<i:0..8|mov.f32 x$i, s$(32*g+8*t+i); ><i:0..4|max.f32 y$i, x$(2*i), x$(2*i+1); ><i:0..2|max.f32 y$i, y$i, y$(i+2); >"
        + "<i:0..2|max.f32 t$(2*g+i), t$(2*g+i), y$i; >><r:2*g..2*g+2|" + MaxOfThreads + CompareWithReference + ">>"
        + "vote.sync.any.pred p, p, -1; { @!p bra SAME; <g:0..%0/16|<r:2*g..2*g+2|" + Decay + ">" + ScaleSums + "> SAME: }",
        queries, features);

    public static void Weigh(int sixteen, int queries) => CudaAsm.Emit(
        "<g:0..%1/16|<i:0..8|mov.f32 x$i, s$(32*g+8*%0+i); ><i:0..8|fma.rn.f32 x$i, x$i, scale, n$(2*g+(i/2&1)); ><i:0..8|ex2.approx.ftz.f32 x$i, x$i; >"
        + "<i:0..4|add.f32 y$i, x$(2*i), x$(2*i+1); ><i:0..2|add.f32 y$i, y$i, y$(i+2); ><i:0..2|add.f32 l$(2*g+i), l$(2*g+i), y$i; >"
        + "<i:0..4|cvt.rn.bf16x2.f32 a$(4*g+i), x$(2*i+1), x$(2*i); >>",
        sixteen, queries);

    public static void AddValues(int queries, int half, int address0, int address1, int address2, int address3, int offset) => CudaAsm.Emit(
        "add.u32 v0, shared, %0; add.u32 v1, shared, %1; add.u32 v2, shared, %2; add.u32 v3, shared, %3; <i:0..4|add.u32 v$i, v$i, %4; >"
        + "<t:0..4|" + LoadRightTransposed + "[v$t]; <g:0..%5/16|<n:0..2|" + Multiply + SumsOfFeatures + Sides + SumsOfFeatures + "; >>>",
        address0, address1, address2, address3, offset, queries, half);

    public static void Finish(int queries, int features) => CudaAsm.Emit(
        "<g:0..%0/16|<r:2*g..2*g+2|" + SumOfThreads + "rcp.approx.ftz.f32 d$r, l$r; >" + ScaleSums + ">",
        queries, features);

    public static void Store(int part, int address) => CudaAsm.Emit(
        "<e:0..8|<i:0..2|cvt.rn.bf16x2.f32 a$i, o$(32*%1+4*e+2*i+1), o$(32*%1+4*e+2*i); >"
        + "xor.b32 at, %0, $(16*e); add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1; >",
        address, part);

    public static void Write(long destination, int source) =>
        CudaAsm.Emit("add.u32 at, shared, %1; ld.shared.v4.b32 {a0, a1, a2, a3}, [at]; st.global.v4.b32 [%0], {a0, a1, a2, a3};", destination, source);
}
