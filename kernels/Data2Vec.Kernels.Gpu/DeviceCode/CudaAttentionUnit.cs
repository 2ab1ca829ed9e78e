using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>The instructions of compute capability 8.0 (PTX ISA: <c>cp.async</c>, <c>ldmatrix</c>, <c>mma.m16n8k16</c>, <c>ex2</c>, <c>shfl</c>), which ILGPU has no names for.</summary>
/// <remarks>
/// All that a warp works with lies in registers with names of their own, in fours as <c>mma</c> has them. q: the queries. s: the scores, four registers
/// for each eight keys, those of the second sixteen queries from s32. o: the sums of the weighted values, four registers for each eight features, those of the second
/// sixteen queries, or of the second 64 features, from o32. h, l, d, n: of each query of a thread the score that weights are relative to, the sum of the weights, the decay, and
/// what is added to an exponent. a, e: the left sides of products for the first and the second sixteen queries; b: a right side; x, y: what is worked with for the moment.
/// </remarks>
/// <typeparam name="TShort">What all are in but biases; the instructions here are those of bf16, see <see cref="CudaAssembly"/>.</typeparam>
internal struct CudaAttentionUnit<TShort> : IAttentionUnit
    where TShort : struct, IShort
{
    private const string Multiply = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";
    private const string Right = "{b0, b1, b2, b3}, ";
    private const string LoadMatrices = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";
    private const string LoadTransposed = "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 ";
    private const string A = "{a0, a1, a2, a3}, ";
    private const string E = "{e0, e1, e2, e3}, ";
    private const string B0 = "{b0, b1}, ";
    private const string B1 = "{b2, b3}, ";
    private const string Unless = "vote.sync.any.pred p, p, -1; { @!p bra SAME;";
    private const string Same = " SAME: }";
    private const string TwoRows = "cvt.u64.u32 w0, %1; cvt.u64.u32 w1, %2; add.u64 w0, w0, %0; add.u64 w1, w1, %0;";
    private const string FourRows = TwoRows + "cvt.u64.u32 w2, %3; cvt.u64.u32 w3, %4; add.u64 w2, w2, %0; add.u64 w3, w3, %0;";
    private const string At = "add.u32 at, shared, %0;";

    // Fours of scores and of sums.
    private const string S0 = "{s0, s1, s2, s3}";
    private const string S1 = "{s4, s5, s6, s7}";
    private const string S2 = "{s8, s9, s10, s11}";
    private const string S3 = "{s12, s13, s14, s15}";
    private const string S4 = "{s16, s17, s18, s19}";
    private const string S5 = "{s20, s21, s22, s23}";
    private const string S6 = "{s24, s25, s26, s27}";
    private const string S7 = "{s28, s29, s30, s31}";
    private const string S8 = "{s32, s33, s34, s35}";
    private const string S9 = "{s36, s37, s38, s39}";
    private const string S10 = "{s40, s41, s42, s43}";
    private const string S11 = "{s44, s45, s46, s47}";
    private const string S12 = "{s48, s49, s50, s51}";
    private const string S13 = "{s52, s53, s54, s55}";
    private const string S14 = "{s56, s57, s58, s59}";
    private const string S15 = "{s60, s61, s62, s63}";
    private const string O0 = "{o0, o1, o2, o3}";
    private const string O1 = "{o4, o5, o6, o7}";
    private const string O2 = "{o8, o9, o10, o11}";
    private const string O3 = "{o12, o13, o14, o15}";
    private const string O4 = "{o16, o17, o18, o19}";
    private const string O5 = "{o20, o21, o22, o23}";
    private const string O6 = "{o24, o25, o26, o27}";
    private const string O7 = "{o28, o29, o30, o31}";
    private const string O8 = "{o32, o33, o34, o35}";
    private const string O9 = "{o36, o37, o38, o39}";
    private const string O10 = "{o40, o41, o42, o43}";
    private const string O11 = "{o44, o45, o46, o47}";
    private const string O12 = "{o48, o49, o50, o51}";
    private const string O13 = "{o52, o53, o54, o55}";
    private const string O14 = "{o56, o57, o58, o59}";
    private const string O15 = "{o60, o61, o62, o63}";

    // Products of sixteen queries and sixteen keys, for the first and the second sixteen queries.
    private const string Score0 = Multiply + S0 + ", " + A + B0 + S0 + ";" + Multiply + S1 + ", " + A + B1 + S1 + ";";
    private const string Score1 = Multiply + S2 + ", " + A + B0 + S2 + ";" + Multiply + S3 + ", " + A + B1 + S3 + ";";
    private const string Score2 = Multiply + S4 + ", " + A + B0 + S4 + ";" + Multiply + S5 + ", " + A + B1 + S5 + ";";
    private const string Score3 = Multiply + S6 + ", " + A + B0 + S6 + ";" + Multiply + S7 + ", " + A + B1 + S7 + ";";
    private const string Score4 = Multiply + S8 + ", " + E + B0 + S8 + ";" + Multiply + S9 + ", " + E + B1 + S9 + ";";
    private const string Score5 = Multiply + S10 + ", " + E + B0 + S10 + ";" + Multiply + S11 + ", " + E + B1 + S11 + ";";
    private const string Score6 = Multiply + S12 + ", " + E + B0 + S12 + ";" + Multiply + S13 + ", " + E + B1 + S13 + ";";
    private const string Score7 = Multiply + S14 + ", " + E + B0 + S14 + ";" + Multiply + S15 + ", " + E + B1 + S15 + ";";

    // Products of sixteen queries' weights and sixteen features of the values: the last four are for the second sixteen queries, or the second 64 features.
    private const string Value0 = Multiply + O0 + ", " + A + B0 + O0 + ";" + Multiply + O1 + ", " + A + B1 + O1 + ";";
    private const string Value1 = Multiply + O2 + ", " + A + B0 + O2 + ";" + Multiply + O3 + ", " + A + B1 + O3 + ";";
    private const string Value2 = Multiply + O4 + ", " + A + B0 + O4 + ";" + Multiply + O5 + ", " + A + B1 + O5 + ";";
    private const string Value3 = Multiply + O6 + ", " + A + B0 + O6 + ";" + Multiply + O7 + ", " + A + B1 + O7 + ";";
    private const string Value4 = Multiply + O8 + ", " + A + B0 + O8 + ";" + Multiply + O9 + ", " + A + B1 + O9 + ";";
    private const string Value5 = Multiply + O10 + ", " + A + B0 + O10 + ";" + Multiply + O11 + ", " + A + B1 + O11 + ";";
    private const string Value6 = Multiply + O12 + ", " + A + B0 + O12 + ";" + Multiply + O13 + ", " + A + B1 + O13 + ";";
    private const string Value7 = Multiply + O14 + ", " + A + B0 + O14 + ";" + Multiply + O15 + ", " + A + B1 + O15 + ";";
    private const string Tall4 = Multiply + O8 + ", " + E + B0 + O8 + ";" + Multiply + O9 + ", " + E + B1 + O9 + ";";
    private const string Tall5 = Multiply + O10 + ", " + E + B0 + O10 + ";" + Multiply + O11 + ", " + E + B1 + O11 + ";";
    private const string Tall6 = Multiply + O12 + ", " + E + B0 + O12 + ";" + Multiply + O13 + ", " + E + B1 + O13 + ";";
    private const string Tall7 = Multiply + O14 + ", " + E + B0 + O14 + ";" + Multiply + O15 + ", " + E + B1 + O15 + ";";

    // Sixteen keys' scores, to work with.
    private const string Take0 = "mov.f32 x0, s0; mov.f32 x1, s1; mov.f32 x2, s2; mov.f32 x3, s3; mov.f32 x4, s4; mov.f32 x5, s5; mov.f32 x6, s6; mov.f32 x7, s7;";
    private const string Take1 = "mov.f32 x0, s8; mov.f32 x1, s9; mov.f32 x2, s10; mov.f32 x3, s11; mov.f32 x4, s12; mov.f32 x5, s13; mov.f32 x6, s14; mov.f32 x7, s15;";
    private const string Take2 = "mov.f32 x0, s16; mov.f32 x1, s17; mov.f32 x2, s18; mov.f32 x3, s19; mov.f32 x4, s20; mov.f32 x5, s21; mov.f32 x6, s22; mov.f32 x7, s23;";
    private const string Take3 = "mov.f32 x0, s24; mov.f32 x1, s25; mov.f32 x2, s26; mov.f32 x3, s27; mov.f32 x4, s28; mov.f32 x5, s29; mov.f32 x6, s30; mov.f32 x7, s31;";
    private const string Take4 = "mov.f32 x0, s32; mov.f32 x1, s33; mov.f32 x2, s34; mov.f32 x3, s35; mov.f32 x4, s36; mov.f32 x5, s37; mov.f32 x6, s38; mov.f32 x7, s39;";
    private const string Take5 = "mov.f32 x0, s40; mov.f32 x1, s41; mov.f32 x2, s42; mov.f32 x3, s43; mov.f32 x4, s44; mov.f32 x5, s45; mov.f32 x6, s46; mov.f32 x7, s47;";
    private const string Take6 = "mov.f32 x0, s48; mov.f32 x1, s49; mov.f32 x2, s50; mov.f32 x3, s51; mov.f32 x4, s52; mov.f32 x5, s53; mov.f32 x6, s54; mov.f32 x7, s55;";
    private const string Take7 = "mov.f32 x0, s56; mov.f32 x1, s57; mov.f32 x2, s58; mov.f32 x3, s59; mov.f32 x4, s60; mov.f32 x5, s61; mov.f32 x6, s62; mov.f32 x7, s63;";

    private const string Highest = "max.f32 y0, x0, x1; max.f32 y1, x2, x3; max.f32 y2, x4, x5; max.f32 y3, x6, x7; max.f32 y0, y0, y2; max.f32 y1, y1, y3; max.f32 t0, t0, y0; max.f32 t1, t1, y1;";
    private const string HighestBelow = "max.f32 y0, x0, x1; max.f32 y1, x2, x3; max.f32 y2, x4, x5; max.f32 y3, x6, x7; max.f32 y0, y0, y2; max.f32 y1, y1, y3; max.f32 t2, t2, y0; max.f32 t3, t3, y1;";

    // The highest scores of the rows, which four threads share, and whether one is so much higher than what is summed up is for that it matters.
    private const string Share0 = "shfl.sync.bfly.b32 y0, t0, 1, 31, -1; max.f32 t0, t0, y0; shfl.sync.bfly.b32 y0, t0, 2, 31, -1; max.f32 t0, t0, y0; sub.f32 d0, h0, t0; mul.f32 d0, d0, scale; setp.lt.f32 r, d0, 0fC1000000; or.pred p, p, r;";
    private const string Share1 = "shfl.sync.bfly.b32 y0, t1, 1, 31, -1; max.f32 t1, t1, y0; shfl.sync.bfly.b32 y0, t1, 2, 31, -1; max.f32 t1, t1, y0; sub.f32 d1, h1, t1; mul.f32 d1, d1, scale; setp.lt.f32 r, d1, 0fC1000000; or.pred p, p, r;";
    private const string Share2 = "shfl.sync.bfly.b32 y0, t2, 1, 31, -1; max.f32 t2, t2, y0; shfl.sync.bfly.b32 y0, t2, 2, 31, -1; max.f32 t2, t2, y0; sub.f32 d2, h2, t2; mul.f32 d2, d2, scale; setp.lt.f32 r, d2, 0fC1000000; or.pred p, p, r;";
    private const string Share3 = "shfl.sync.bfly.b32 y0, t3, 1, 31, -1; max.f32 t3, t3, y0; shfl.sync.bfly.b32 y0, t3, 2, 31, -1; max.f32 t3, t3, y0; sub.f32 d3, h3, t3; mul.f32 d3, d3, scale; setp.lt.f32 r, d3, 0fC1000000; or.pred p, p, r;";

    // They become the highest of all, and what was summed up with lower ones decays.
    private const string Decay0 = "ex2.approx.ftz.f32 d0, d0; mov.f32 h0, t0; mul.f32 n0, t0, scale; neg.f32 n0, n0; mul.f32 l0, l0, d0;";
    private const string Decay1 = "ex2.approx.ftz.f32 d1, d1; mov.f32 h1, t1; mul.f32 n1, t1, scale; neg.f32 n1, n1; mul.f32 l1, l1, d1;";
    private const string Decay2 = "ex2.approx.ftz.f32 d2, d2; mov.f32 h2, t2; mul.f32 n2, t2, scale; neg.f32 n2, n2; mul.f32 l2, l2, d2;";
    private const string Decay3 = "ex2.approx.ftz.f32 d3, d3; mov.f32 h3, t3; mul.f32 n3, t3, scale; neg.f32 n3, n3; mul.f32 l3, l3, d3;";

    // Sixteen queries' sums times what d has for them.
    private const string ScaleSums =
        "mul.f32 o0, o0, d0; mul.f32 o1, o1, d0; mul.f32 o2, o2, d1; mul.f32 o3, o3, d1; mul.f32 o4, o4, d0; mul.f32 o5, o5, d0; mul.f32 o6, o6, d1; mul.f32 o7, o7, d1;"
        + "mul.f32 o8, o8, d0; mul.f32 o9, o9, d0; mul.f32 o10, o10, d1; mul.f32 o11, o11, d1; mul.f32 o12, o12, d0; mul.f32 o13, o13, d0; mul.f32 o14, o14, d1; mul.f32 o15, o15, d1;"
        + "mul.f32 o16, o16, d0; mul.f32 o17, o17, d0; mul.f32 o18, o18, d1; mul.f32 o19, o19, d1; mul.f32 o20, o20, d0; mul.f32 o21, o21, d0; mul.f32 o22, o22, d1; mul.f32 o23, o23, d1;"
        + "mul.f32 o24, o24, d0; mul.f32 o25, o25, d0; mul.f32 o26, o26, d1; mul.f32 o27, o27, d1; mul.f32 o28, o28, d0; mul.f32 o29, o29, d0; mul.f32 o30, o30, d1; mul.f32 o31, o31, d1;";
    private const string ScaleTall =
        "mul.f32 o32, o32, d2; mul.f32 o33, o33, d2; mul.f32 o34, o34, d3; mul.f32 o35, o35, d3; mul.f32 o36, o36, d2; mul.f32 o37, o37, d2; mul.f32 o38, o38, d3; mul.f32 o39, o39, d3;"
        + "mul.f32 o40, o40, d2; mul.f32 o41, o41, d2; mul.f32 o42, o42, d3; mul.f32 o43, o43, d3; mul.f32 o44, o44, d2; mul.f32 o45, o45, d2; mul.f32 o46, o46, d3; mul.f32 o47, o47, d3;"
        + "mul.f32 o48, o48, d2; mul.f32 o49, o49, d2; mul.f32 o50, o50, d3; mul.f32 o51, o51, d3; mul.f32 o52, o52, d2; mul.f32 o53, o53, d2; mul.f32 o54, o54, d3; mul.f32 o55, o55, d3;"
        + "mul.f32 o56, o56, d2; mul.f32 o57, o57, d2; mul.f32 o58, o58, d3; mul.f32 o59, o59, d3; mul.f32 o60, o60, d2; mul.f32 o61, o61, d2; mul.f32 o62, o62, d3; mul.f32 o63, o63, d3;";
    private const string ScaleDeep =
        "mul.f32 o32, o32, d0; mul.f32 o33, o33, d0; mul.f32 o34, o34, d1; mul.f32 o35, o35, d1; mul.f32 o36, o36, d0; mul.f32 o37, o37, d0; mul.f32 o38, o38, d1; mul.f32 o39, o39, d1;"
        + "mul.f32 o40, o40, d0; mul.f32 o41, o41, d0; mul.f32 o42, o42, d1; mul.f32 o43, o43, d1; mul.f32 o44, o44, d0; mul.f32 o45, o45, d0; mul.f32 o46, o46, d1; mul.f32 o47, o47, d1;"
        + "mul.f32 o48, o48, d0; mul.f32 o49, o49, d0; mul.f32 o50, o50, d1; mul.f32 o51, o51, d1; mul.f32 o52, o52, d0; mul.f32 o53, o53, d0; mul.f32 o54, o54, d1; mul.f32 o55, o55, d1;"
        + "mul.f32 o56, o56, d0; mul.f32 o57, o57, d0; mul.f32 o58, o58, d1; mul.f32 o59, o59, d1; mul.f32 o60, o60, d0; mul.f32 o61, o61, d0; mul.f32 o62, o62, d1; mul.f32 o63, o63, d1;";

    // What a table has, in units of the products.
    private const string UnlessExact = "{ setp.eq.f32 p, scale, 0f3FB8AA3B; @p bra EXACT; rcp.approx.ftz.f32 inverse, scale; mul.f32 inverse, inverse, 0f3FB8AA3B;";
    private const string AsItIs = " EXACT: }";
    private const string ScaleTable = "mul.f32 s0, s0, inverse; mul.f32 s1, s1, inverse; mul.f32 s2, s2, inverse; mul.f32 s3, s3, inverse; mul.f32 s4, s4, inverse; mul.f32 s5, s5, inverse; mul.f32 s6, s6, inverse; mul.f32 s7, s7, inverse; mul.f32 s8, s8, inverse; mul.f32 s9, s9, inverse; mul.f32 s10, s10, inverse; mul.f32 s11, s11, inverse; mul.f32 s12, s12, inverse; mul.f32 s13, s13, inverse; mul.f32 s14, s14, inverse; mul.f32 s15, s15, inverse;";
    private const string ScaleMoreTable = "mul.f32 s16, s16, inverse; mul.f32 s17, s17, inverse; mul.f32 s18, s18, inverse; mul.f32 s19, s19, inverse; mul.f32 s20, s20, inverse; mul.f32 s21, s21, inverse; mul.f32 s22, s22, inverse; mul.f32 s23, s23, inverse; mul.f32 s24, s24, inverse; mul.f32 s25, s25, inverse; mul.f32 s26, s26, inverse; mul.f32 s27, s27, inverse; mul.f32 s28, s28, inverse; mul.f32 s29, s29, inverse; mul.f32 s30, s30, inverse; mul.f32 s31, s31, inverse;";
    private const string ScaleMostTable =
        "mul.f32 s32, s32, inverse; mul.f32 s33, s33, inverse; mul.f32 s34, s34, inverse; mul.f32 s35, s35, inverse; mul.f32 s36, s36, inverse; mul.f32 s37, s37, inverse; mul.f32 s38, s38, inverse; mul.f32 s39, s39, inverse; mul.f32 s40, s40, inverse; mul.f32 s41, s41, inverse; mul.f32 s42, s42, inverse; mul.f32 s43, s43, inverse; mul.f32 s44, s44, inverse; mul.f32 s45, s45, inverse; mul.f32 s46, s46, inverse; mul.f32 s47, s47, inverse;"
        + "mul.f32 s48, s48, inverse; mul.f32 s49, s49, inverse; mul.f32 s50, s50, inverse; mul.f32 s51, s51, inverse; mul.f32 s52, s52, inverse; mul.f32 s53, s53, inverse; mul.f32 s54, s54, inverse; mul.f32 s55, s55, inverse; mul.f32 s56, s56, inverse; mul.f32 s57, s57, inverse; mul.f32 s58, s58, inverse; mul.f32 s59, s59, inverse; mul.f32 s60, s60, inverse; mul.f32 s61, s61, inverse; mul.f32 s62, s62, inverse; mul.f32 s63, s63, inverse;";

    // Scores become weights, and a left side.
    private const string Weights =
        "fma.rn.f32 x0, x0, scale, n0; fma.rn.f32 x1, x1, scale, n0; fma.rn.f32 x2, x2, scale, n1; fma.rn.f32 x3, x3, scale, n1; fma.rn.f32 x4, x4, scale, n0; fma.rn.f32 x5, x5, scale, n0; fma.rn.f32 x6, x6, scale, n1; fma.rn.f32 x7, x7, scale, n1;"
        + "ex2.approx.ftz.f32 x0, x0; ex2.approx.ftz.f32 x1, x1; ex2.approx.ftz.f32 x2, x2; ex2.approx.ftz.f32 x3, x3; ex2.approx.ftz.f32 x4, x4; ex2.approx.ftz.f32 x5, x5; ex2.approx.ftz.f32 x6, x6; ex2.approx.ftz.f32 x7, x7;"
        + "add.f32 y0, x0, x1; add.f32 y1, x2, x3; add.f32 y2, x4, x5; add.f32 y3, x6, x7; add.f32 y0, y0, y2; add.f32 y1, y1, y3; add.f32 l0, l0, y0; add.f32 l1, l1, y1;"
        + "cvt.rn.bf16x2.f32 a0, x1, x0; cvt.rn.bf16x2.f32 a1, x3, x2; cvt.rn.bf16x2.f32 a2, x5, x4; cvt.rn.bf16x2.f32 a3, x7, x6;";
    private const string WeightsBelow =
        "fma.rn.f32 x0, x0, scale, n2; fma.rn.f32 x1, x1, scale, n2; fma.rn.f32 x2, x2, scale, n3; fma.rn.f32 x3, x3, scale, n3; fma.rn.f32 x4, x4, scale, n2; fma.rn.f32 x5, x5, scale, n2; fma.rn.f32 x6, x6, scale, n3; fma.rn.f32 x7, x7, scale, n3;"
        + "ex2.approx.ftz.f32 x0, x0; ex2.approx.ftz.f32 x1, x1; ex2.approx.ftz.f32 x2, x2; ex2.approx.ftz.f32 x3, x3; ex2.approx.ftz.f32 x4, x4; ex2.approx.ftz.f32 x5, x5; ex2.approx.ftz.f32 x6, x6; ex2.approx.ftz.f32 x7, x7;"
        + "add.f32 y0, x0, x1; add.f32 y1, x2, x3; add.f32 y2, x4, x5; add.f32 y3, x6, x7; add.f32 y0, y0, y2; add.f32 y1, y1, y3; add.f32 l2, l2, y0; add.f32 l3, l3, y1;"
        + "cvt.rn.bf16x2.f32 e0, x1, x0; cvt.rn.bf16x2.f32 e1, x3, x2; cvt.rn.bf16x2.f32 e2, x5, x4; cvt.rn.bf16x2.f32 e3, x7, x6;";

    // Each query's sum of weights, of which four threads have parts, and its inverse.
    private const string Inverse0 = "shfl.sync.bfly.b32 y0, l0, 1, 31, -1; add.f32 l0, l0, y0; shfl.sync.bfly.b32 y0, l0, 2, 31, -1; add.f32 l0, l0, y0; rcp.approx.ftz.f32 d0, l0;";
    private const string Inverse1 = "shfl.sync.bfly.b32 y0, l1, 1, 31, -1; add.f32 l1, l1, y0; shfl.sync.bfly.b32 y0, l1, 2, 31, -1; add.f32 l1, l1, y0; rcp.approx.ftz.f32 d1, l1;";
    private const string Inverse2 = "shfl.sync.bfly.b32 y0, l2, 1, 31, -1; add.f32 l2, l2, y0; shfl.sync.bfly.b32 y0, l2, 2, 31, -1; add.f32 l2, l2, y0; rcp.approx.ftz.f32 d2, l2;";
    private const string Inverse3 = "shfl.sync.bfly.b32 y0, l3, 1, 31, -1; add.f32 l3, l3, y0; shfl.sync.bfly.b32 y0, l3, 2, 31, -1; add.f32 l3, l3, y0; rcp.approx.ftz.f32 d3, l3;";

    public static void Begin(ArrayView<float> shared, float scale)
    {
        CudaAsm.Emit(
            ".reg .pred p, r; .reg .u32 shared, at; .reg .b32 q<32>, a<4>, e<4>, b<4>; .reg .f32 s<64>, o<64>, h<4>, l<4>, d<4>, n<4>, t<4>, x<8>, y<4>, scale, inverse, weight;"
            + ".reg .u32 v<4>; .reg .u64 w<4>; mov.u32 shared, __dyn_shared_alloca;");
        CudaAsm.Emit("mov.f32 o0, 0f00000000; mov.f32 o1, 0f00000000; mov.f32 o2, 0f00000000; mov.f32 o3, 0f00000000; mov.f32 o4, 0f00000000; mov.f32 o5, 0f00000000; mov.f32 o6, 0f00000000; mov.f32 o7, 0f00000000; mov.f32 o8, 0f00000000; mov.f32 o9, 0f00000000; mov.f32 o10, 0f00000000; mov.f32 o11, 0f00000000; mov.f32 o12, 0f00000000; mov.f32 o13, 0f00000000; mov.f32 o14, 0f00000000; mov.f32 o15, 0f00000000;");
        CudaAsm.Emit("mov.f32 o16, 0f00000000; mov.f32 o17, 0f00000000; mov.f32 o18, 0f00000000; mov.f32 o19, 0f00000000; mov.f32 o20, 0f00000000; mov.f32 o21, 0f00000000; mov.f32 o22, 0f00000000; mov.f32 o23, 0f00000000; mov.f32 o24, 0f00000000; mov.f32 o25, 0f00000000; mov.f32 o26, 0f00000000; mov.f32 o27, 0f00000000; mov.f32 o28, 0f00000000; mov.f32 o29, 0f00000000; mov.f32 o30, 0f00000000; mov.f32 o31, 0f00000000;");
        CudaAsm.Emit("mov.f32 o32, 0f00000000; mov.f32 o33, 0f00000000; mov.f32 o34, 0f00000000; mov.f32 o35, 0f00000000; mov.f32 o36, 0f00000000; mov.f32 o37, 0f00000000; mov.f32 o38, 0f00000000; mov.f32 o39, 0f00000000; mov.f32 o40, 0f00000000; mov.f32 o41, 0f00000000; mov.f32 o42, 0f00000000; mov.f32 o43, 0f00000000; mov.f32 o44, 0f00000000; mov.f32 o45, 0f00000000; mov.f32 o46, 0f00000000; mov.f32 o47, 0f00000000;");
        CudaAsm.Emit("mov.f32 o48, 0f00000000; mov.f32 o49, 0f00000000; mov.f32 o50, 0f00000000; mov.f32 o51, 0f00000000; mov.f32 o52, 0f00000000; mov.f32 o53, 0f00000000; mov.f32 o54, 0f00000000; mov.f32 o55, 0f00000000; mov.f32 o56, 0f00000000; mov.f32 o57, 0f00000000; mov.f32 o58, 0f00000000; mov.f32 o59, 0f00000000; mov.f32 o60, 0f00000000; mov.f32 o61, 0f00000000; mov.f32 o62, 0f00000000; mov.f32 o63, 0f00000000;");
        CudaAsm.Emit("mov.f32 l0, 0f00000000; mov.f32 h0, 0fF149F2CA; mov.f32 l1, 0f00000000; mov.f32 h1, 0fF149F2CA; mov.f32 l2, 0f00000000; mov.f32 h2, 0fF149F2CA; mov.f32 l3, 0f00000000; mov.f32 h3, 0fF149F2CA;");
        CudaAsm.Emit("mul.f32 scale, %0, 0f3FB8AA3B; rcp.approx.ftz.f32 inverse, %0;", scale);
    }

    public static void Copy(int destination, long source, int rows) =>
        CudaAsm.Emit(At + "setp.le.s32 p, %2, 0; cp.async.cg.shared.global [at], [%1], 16, p;", destination, source, rows);

    public static void Commit() => CudaAsm.Emit("cp.async.commit_group;");

    public static void WaitForAllButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    public static void LoadQueries(int sixteen, int address)
    {
        if (sixteen == 0)
        {
            CudaAsm.Emit(At + LoadMatrices + "{q0, q1, q2, q3}, [at];", address);
        }
        else if (sixteen == 1)
        {
            CudaAsm.Emit(At + LoadMatrices + "{q4, q5, q6, q7}, [at];", address);
        }
        else if (sixteen == 2)
        {
            CudaAsm.Emit(At + LoadMatrices + "{q8, q9, q10, q11}, [at];", address);
        }
        else if (sixteen == 3)
        {
            CudaAsm.Emit(At + LoadMatrices + "{q12, q13, q14, q15}, [at];", address);
        }
        else if (sixteen == 4)
        {
            CudaAsm.Emit(At + LoadMatrices + "{q16, q17, q18, q19}, [at];", address);
        }
        else if (sixteen == 5)
        {
            CudaAsm.Emit(At + LoadMatrices + "{q20, q21, q22, q23}, [at];", address);
        }
        else if (sixteen == 6)
        {
            CudaAsm.Emit(At + LoadMatrices + "{q24, q25, q26, q27}, [at];", address);
        }
        else
        {
            CudaAsm.Emit(At + LoadMatrices + "{q28, q29, q30, q31}, [at];", address);
        }
    }

    public static void LoadSlope(long address) =>
        CudaAsm.Emit("ld.global.nc.f32 weight, [%0]; mul.f32 weight, weight, inverse; neg.f32 weight, weight;", address);

    public static void Scores(int step, bool isTall, bool isDeep, bool hasTable, int address)
    {
        if (step == 0 && hasTable)
        {
            if (isTall)
            {
                CudaAsm.Emit(UnlessExact + ScaleTable + ScaleMoreTable + ScaleMostTable + AsItIs);
            }
            else if (isDeep)
            {
                CudaAsm.Emit(UnlessExact + ScaleTable + AsItIs);
            }
            else
            {
                CudaAsm.Emit(UnlessExact + ScaleTable + ScaleMoreTable + AsItIs);
            }
        }
        else if (step == 0)
        {
            CudaAsm.Emit("mov.f32 s0, 0f00000000; mov.f32 s1, 0f00000000; mov.f32 s2, 0f00000000; mov.f32 s3, 0f00000000; mov.f32 s4, 0f00000000; mov.f32 s5, 0f00000000; mov.f32 s6, 0f00000000; mov.f32 s7, 0f00000000; mov.f32 s8, 0f00000000; mov.f32 s9, 0f00000000; mov.f32 s10, 0f00000000; mov.f32 s11, 0f00000000; mov.f32 s12, 0f00000000; mov.f32 s13, 0f00000000; mov.f32 s14, 0f00000000; mov.f32 s15, 0f00000000;");
            CudaAsm.Emit("mov.f32 s16, 0f00000000; mov.f32 s17, 0f00000000; mov.f32 s18, 0f00000000; mov.f32 s19, 0f00000000; mov.f32 s20, 0f00000000; mov.f32 s21, 0f00000000; mov.f32 s22, 0f00000000; mov.f32 s23, 0f00000000; mov.f32 s24, 0f00000000; mov.f32 s25, 0f00000000; mov.f32 s26, 0f00000000; mov.f32 s27, 0f00000000; mov.f32 s28, 0f00000000; mov.f32 s29, 0f00000000; mov.f32 s30, 0f00000000; mov.f32 s31, 0f00000000;");
            CudaAsm.Emit("mov.f32 s32, 0f00000000; mov.f32 s33, 0f00000000; mov.f32 s34, 0f00000000; mov.f32 s35, 0f00000000; mov.f32 s36, 0f00000000; mov.f32 s37, 0f00000000; mov.f32 s38, 0f00000000; mov.f32 s39, 0f00000000; mov.f32 s40, 0f00000000; mov.f32 s41, 0f00000000; mov.f32 s42, 0f00000000; mov.f32 s43, 0f00000000; mov.f32 s44, 0f00000000; mov.f32 s45, 0f00000000; mov.f32 s46, 0f00000000; mov.f32 s47, 0f00000000;");
            CudaAsm.Emit("mov.f32 s48, 0f00000000; mov.f32 s49, 0f00000000; mov.f32 s50, 0f00000000; mov.f32 s51, 0f00000000; mov.f32 s52, 0f00000000; mov.f32 s53, 0f00000000; mov.f32 s54, 0f00000000; mov.f32 s55, 0f00000000; mov.f32 s56, 0f00000000; mov.f32 s57, 0f00000000; mov.f32 s58, 0f00000000; mov.f32 s59, 0f00000000; mov.f32 s60, 0f00000000; mov.f32 s61, 0f00000000; mov.f32 s62, 0f00000000; mov.f32 s63, 0f00000000;");
        }

        if (step == 0)
        {
            CudaAsm.Emit("mov.b32 a0, q0; mov.b32 a1, q1; mov.b32 a2, q2; mov.b32 a3, q3;");
            if (isTall)
            {
                CudaAsm.Emit("mov.b32 e0, q16; mov.b32 e1, q17; mov.b32 e2, q18; mov.b32 e3, q19;");
            }
        }
        else if (step == 1)
        {
            CudaAsm.Emit("mov.b32 a0, q4; mov.b32 a1, q5; mov.b32 a2, q6; mov.b32 a3, q7;");
            if (isTall)
            {
                CudaAsm.Emit("mov.b32 e0, q20; mov.b32 e1, q21; mov.b32 e2, q22; mov.b32 e3, q23;");
            }
        }
        else if (step == 2)
        {
            CudaAsm.Emit("mov.b32 a0, q8; mov.b32 a1, q9; mov.b32 a2, q10; mov.b32 a3, q11;");
            if (isTall)
            {
                CudaAsm.Emit("mov.b32 e0, q24; mov.b32 e1, q25; mov.b32 e2, q26; mov.b32 e3, q27;");
            }
        }
        else if (step == 3)
        {
            CudaAsm.Emit("mov.b32 a0, q12; mov.b32 a1, q13; mov.b32 a2, q14; mov.b32 a3, q15;");
            if (isTall)
            {
                CudaAsm.Emit("mov.b32 e0, q28; mov.b32 e1, q29; mov.b32 e2, q30; mov.b32 e3, q31;");
            }
        }
        else if (step == 4)
        {
            CudaAsm.Emit("mov.b32 a0, q16; mov.b32 a1, q17; mov.b32 a2, q18; mov.b32 a3, q19;");
        }
        else if (step == 5)
        {
            CudaAsm.Emit("mov.b32 a0, q20; mov.b32 a1, q21; mov.b32 a2, q22; mov.b32 a3, q23;");
        }
        else if (step == 6)
        {
            CudaAsm.Emit("mov.b32 a0, q24; mov.b32 a1, q25; mov.b32 a2, q26; mov.b32 a3, q27;");
        }
        else
        {
            CudaAsm.Emit("mov.b32 a0, q28; mov.b32 a1, q29; mov.b32 a2, q30; mov.b32 a3, q31;");
        }

        if (isTall)
        {
            CudaAsm.Emit(
                At + LoadMatrices + Right + "[at];" + Score0 + Score4
                + LoadMatrices + Right + "[at + 2048];" + Score1 + Score5
                + LoadMatrices + Right + "[at + 4096];" + Score2 + Score6
                + LoadMatrices + Right + "[at + 6144];" + Score3 + Score7,
                address);
        }
        else if (isDeep)
        {
            CudaAsm.Emit(At + LoadMatrices + Right + "[at];" + Score0 + LoadMatrices + Right + "[at + 2048];" + Score1, address);
        }
        else
        {
            CudaAsm.Emit(
                At + LoadMatrices + Right + "[at];" + Score0
                + LoadMatrices + Right + "[at + 2048];" + Score1
                + LoadMatrices + Right + "[at + 4096];" + Score2
                + LoadMatrices + Right + "[at + 6144];" + Score3,
                address);
        }
    }

    public static void Rescale(bool isTall, bool isDeep)
    {
        CudaAsm.Emit("mov.pred p, 0; mov.f32 t0, h0; mov.f32 t1, h1;" + Take0 + Highest + Take1 + Highest);
        if (!isDeep)
        {
            CudaAsm.Emit(Take2 + Highest + Take3 + Highest);
        }

        CudaAsm.Emit(Share0 + Share1);
        if (isTall)
        {
            CudaAsm.Emit(
                "mov.f32 t2, h2; mov.f32 t3, h3;" + Take4 + HighestBelow + Take5 + HighestBelow + Take6 + HighestBelow + Take7 + HighestBelow + Share2 + Share3
                + Unless + Decay0 + Decay1 + ScaleSums + Decay2 + Decay3 + ScaleTall + Same);
        }
        else if (isDeep)
        {
            CudaAsm.Emit(Unless + Decay0 + Decay1 + ScaleSums + ScaleDeep + Same);
        }
        else
        {
            CudaAsm.Emit(Unless + Decay0 + Decay1 + ScaleSums + Same);
        }
    }

    public static void Weigh(int sixteen, bool isTall)
    {
        if (sixteen == 0)
        {
            CudaAsm.Emit(Take0 + Weights);
            if (isTall)
            {
                CudaAsm.Emit(Take4 + WeightsBelow);
            }
        }
        else if (sixteen == 1)
        {
            CudaAsm.Emit(Take1 + Weights);
            if (isTall)
            {
                CudaAsm.Emit(Take5 + WeightsBelow);
            }
        }
        else if (sixteen == 2)
        {
            CudaAsm.Emit(Take2 + Weights);
            if (isTall)
            {
                CudaAsm.Emit(Take6 + WeightsBelow);
            }
        }
        else
        {
            CudaAsm.Emit(Take3 + Weights);
            if (isTall)
            {
                CudaAsm.Emit(Take7 + WeightsBelow);
            }
        }
    }

    public static void AddValues(bool isTall, bool isSecondHalf, int address0, int address1, int address2, int address3, int offset)
    {
        CudaAsm.Emit(
            "add.u32 v0, shared, %0; add.u32 v1, shared, %1; add.u32 v2, shared, %2; add.u32 v3, shared, %3;"
            + "add.u32 v0, v0, %4; add.u32 v1, v1, %4; add.u32 v2, v2, %4; add.u32 v3, v3, %4;",
            address0, address1, address2, address3, offset);
        if (isTall)
        {
            CudaAsm.Emit(
                LoadTransposed + Right + "[v0];" + Value0 + Tall4 + LoadTransposed + Right + "[v1];" + Value1 + Tall5
                + LoadTransposed + Right + "[v2];" + Value2 + Tall6 + LoadTransposed + Right + "[v3];" + Value3 + Tall7);
        }
        else if (isSecondHalf)
        {
            CudaAsm.Emit(
                LoadTransposed + Right + "[v0];" + Value4 + LoadTransposed + Right + "[v1];" + Value5
                + LoadTransposed + Right + "[v2];" + Value6 + LoadTransposed + Right + "[v3];" + Value7);
        }
        else
        {
            CudaAsm.Emit(
                LoadTransposed + Right + "[v0];" + Value0 + LoadTransposed + Right + "[v1];" + Value1
                + LoadTransposed + Right + "[v2];" + Value2 + LoadTransposed + Right + "[v3];" + Value3);
        }
    }

    public static void Finish(bool isTall, bool isDeep)
    {
        CudaAsm.Emit(Inverse0 + Inverse1 + ScaleSums);
        if (isTall)
        {
            CudaAsm.Emit(Inverse2 + Inverse3 + ScaleTall);
        }

        if (isDeep)
        {
            CudaAsm.Emit(ScaleDeep);
        }
    }

    public static void Store(int part, int address)
    {
        if (part == 0)
        {
            CudaAsm.Emit(
                "cvt.rn.bf16x2.f32 a0, o1, o0; cvt.rn.bf16x2.f32 a1, o3, o2; xor.b32 at, %0, 0; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o5, o4; cvt.rn.bf16x2.f32 a1, o7, o6; xor.b32 at, %0, 16; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o9, o8; cvt.rn.bf16x2.f32 a1, o11, o10; xor.b32 at, %0, 32; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o13, o12; cvt.rn.bf16x2.f32 a1, o15, o14; xor.b32 at, %0, 48; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o17, o16; cvt.rn.bf16x2.f32 a1, o19, o18; xor.b32 at, %0, 64; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o21, o20; cvt.rn.bf16x2.f32 a1, o23, o22; xor.b32 at, %0, 80; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o25, o24; cvt.rn.bf16x2.f32 a1, o27, o26; xor.b32 at, %0, 96; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o29, o28; cvt.rn.bf16x2.f32 a1, o31, o30; xor.b32 at, %0, 112; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;",
                address);
        }
        else
        {
            CudaAsm.Emit(
                "cvt.rn.bf16x2.f32 a0, o33, o32; cvt.rn.bf16x2.f32 a1, o35, o34; xor.b32 at, %0, 0; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o37, o36; cvt.rn.bf16x2.f32 a1, o39, o38; xor.b32 at, %0, 16; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o41, o40; cvt.rn.bf16x2.f32 a1, o43, o42; xor.b32 at, %0, 32; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o45, o44; cvt.rn.bf16x2.f32 a1, o47, o46; xor.b32 at, %0, 48; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o49, o48; cvt.rn.bf16x2.f32 a1, o51, o50; xor.b32 at, %0, 64; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o53, o52; cvt.rn.bf16x2.f32 a1, o55, o54; xor.b32 at, %0, 80; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o57, o56; cvt.rn.bf16x2.f32 a1, o59, o58; xor.b32 at, %0, 96; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;"
                + "cvt.rn.bf16x2.f32 a0, o61, o60; cvt.rn.bf16x2.f32 a1, o63, o62; xor.b32 at, %0, 112; add.u32 at, at, shared; st.shared.b32 [at], a0; st.shared.b32 [at + 1024], a1;",
                address);
        }
    }

    public static void Write(long destination, int source) =>
        CudaAsm.Emit("add.u32 at, shared, %1; ld.shared.v4.b32 {a0, a1, a2, a3}, [at]; st.global.v4.b32 [%0], {a0, a1, a2, a3};", destination, source);

    public static void Mask(bool isTall, bool isDeep, int keys)
    {
        CudaAsm.Emit(
            "setp.le.s32 p, %0, 0; setp.le.s32 r, %0, 1; @p mov.f32 s0, 0fF149F2CA; @r mov.f32 s1, 0fF149F2CA; @p mov.f32 s2, 0fF149F2CA; @r mov.f32 s3, 0fF149F2CA;"
            + "setp.le.s32 p, %0, 8; setp.le.s32 r, %0, 9; @p mov.f32 s4, 0fF149F2CA; @r mov.f32 s5, 0fF149F2CA; @p mov.f32 s6, 0fF149F2CA; @r mov.f32 s7, 0fF149F2CA;"
            + "setp.le.s32 p, %0, 16; setp.le.s32 r, %0, 17; @p mov.f32 s8, 0fF149F2CA; @r mov.f32 s9, 0fF149F2CA; @p mov.f32 s10, 0fF149F2CA; @r mov.f32 s11, 0fF149F2CA;"
            + "setp.le.s32 p, %0, 24; setp.le.s32 r, %0, 25; @p mov.f32 s12, 0fF149F2CA; @r mov.f32 s13, 0fF149F2CA; @p mov.f32 s14, 0fF149F2CA; @r mov.f32 s15, 0fF149F2CA;",
            keys);
        if (!isDeep)
        {
            CudaAsm.Emit(
                "setp.le.s32 p, %0, 32; setp.le.s32 r, %0, 33; @p mov.f32 s16, 0fF149F2CA; @r mov.f32 s17, 0fF149F2CA; @p mov.f32 s18, 0fF149F2CA; @r mov.f32 s19, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 40; setp.le.s32 r, %0, 41; @p mov.f32 s20, 0fF149F2CA; @r mov.f32 s21, 0fF149F2CA; @p mov.f32 s22, 0fF149F2CA; @r mov.f32 s23, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 48; setp.le.s32 r, %0, 49; @p mov.f32 s24, 0fF149F2CA; @r mov.f32 s25, 0fF149F2CA; @p mov.f32 s26, 0fF149F2CA; @r mov.f32 s27, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 56; setp.le.s32 r, %0, 57; @p mov.f32 s28, 0fF149F2CA; @r mov.f32 s29, 0fF149F2CA; @p mov.f32 s30, 0fF149F2CA; @r mov.f32 s31, 0fF149F2CA;",
                keys);
        }

        if (isTall)
        {
            CudaAsm.Emit(
                "setp.le.s32 p, %0, 0; setp.le.s32 r, %0, 1; @p mov.f32 s32, 0fF149F2CA; @r mov.f32 s33, 0fF149F2CA; @p mov.f32 s34, 0fF149F2CA; @r mov.f32 s35, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 8; setp.le.s32 r, %0, 9; @p mov.f32 s36, 0fF149F2CA; @r mov.f32 s37, 0fF149F2CA; @p mov.f32 s38, 0fF149F2CA; @r mov.f32 s39, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 16; setp.le.s32 r, %0, 17; @p mov.f32 s40, 0fF149F2CA; @r mov.f32 s41, 0fF149F2CA; @p mov.f32 s42, 0fF149F2CA; @r mov.f32 s43, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 24; setp.le.s32 r, %0, 25; @p mov.f32 s44, 0fF149F2CA; @r mov.f32 s45, 0fF149F2CA; @p mov.f32 s46, 0fF149F2CA; @r mov.f32 s47, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 32; setp.le.s32 r, %0, 33; @p mov.f32 s48, 0fF149F2CA; @r mov.f32 s49, 0fF149F2CA; @p mov.f32 s50, 0fF149F2CA; @r mov.f32 s51, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 40; setp.le.s32 r, %0, 41; @p mov.f32 s52, 0fF149F2CA; @r mov.f32 s53, 0fF149F2CA; @p mov.f32 s54, 0fF149F2CA; @r mov.f32 s55, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 48; setp.le.s32 r, %0, 49; @p mov.f32 s56, 0fF149F2CA; @r mov.f32 s57, 0fF149F2CA; @p mov.f32 s58, 0fF149F2CA; @r mov.f32 s59, 0fF149F2CA;"
                + "setp.le.s32 p, %0, 56; setp.le.s32 r, %0, 57; @p mov.f32 s60, 0fF149F2CA; @r mov.f32 s61, 0fF149F2CA; @p mov.f32 s62, 0fF149F2CA; @r mov.f32 s63, 0fF149F2CA;",
                keys);
        }
    }

    public static void LoadTable(int sixteen, bool isTall, long table, int row0, int row8, int row16, int row24, int keys)
    {
        if (sixteen == 0)
        {
            if (isTall)
            {
                CudaAsm.Emit(
                    FourRows + "setp.gt.s32 p, %5, 0; @p ld.global.nc.v2.f32 {s0, s1}, [w0 + 0]; @p ld.global.nc.v2.f32 {s2, s3}, [w1 + 0]; @p ld.global.nc.v2.f32 {s32, s33}, [w2 + 0]; @p ld.global.nc.v2.f32 {s34, s35}, [w3 + 0];"
                    + "setp.gt.s32 p, %5, 8; @p ld.global.nc.v2.f32 {s4, s5}, [w0 + 32]; @p ld.global.nc.v2.f32 {s6, s7}, [w1 + 32]; @p ld.global.nc.v2.f32 {s36, s37}, [w2 + 32]; @p ld.global.nc.v2.f32 {s38, s39}, [w3 + 32];",
                    table, row0, row8, row16, row24, keys);
            }
            else
            {
                CudaAsm.Emit(
                    TwoRows + "setp.gt.s32 p, %3, 0; @p ld.global.nc.v2.f32 {s0, s1}, [w0 + 0]; @p ld.global.nc.v2.f32 {s2, s3}, [w1 + 0];"
                    + "setp.gt.s32 p, %3, 8; @p ld.global.nc.v2.f32 {s4, s5}, [w0 + 32]; @p ld.global.nc.v2.f32 {s6, s7}, [w1 + 32];",
                    table, row0, row8, keys);
            }
        }
        else if (sixteen == 1)
        {
            if (isTall)
            {
                CudaAsm.Emit(
                    FourRows + "setp.gt.s32 p, %5, 16; @p ld.global.nc.v2.f32 {s8, s9}, [w0 + 64]; @p ld.global.nc.v2.f32 {s10, s11}, [w1 + 64]; @p ld.global.nc.v2.f32 {s40, s41}, [w2 + 64]; @p ld.global.nc.v2.f32 {s42, s43}, [w3 + 64];"
                    + "setp.gt.s32 p, %5, 24; @p ld.global.nc.v2.f32 {s12, s13}, [w0 + 96]; @p ld.global.nc.v2.f32 {s14, s15}, [w1 + 96]; @p ld.global.nc.v2.f32 {s44, s45}, [w2 + 96]; @p ld.global.nc.v2.f32 {s46, s47}, [w3 + 96];",
                    table, row0, row8, row16, row24, keys);
            }
            else
            {
                CudaAsm.Emit(
                    TwoRows + "setp.gt.s32 p, %3, 16; @p ld.global.nc.v2.f32 {s8, s9}, [w0 + 64]; @p ld.global.nc.v2.f32 {s10, s11}, [w1 + 64];"
                    + "setp.gt.s32 p, %3, 24; @p ld.global.nc.v2.f32 {s12, s13}, [w0 + 96]; @p ld.global.nc.v2.f32 {s14, s15}, [w1 + 96];",
                    table, row0, row8, keys);
            }
        }
        else if (sixteen == 2)
        {
            if (isTall)
            {
                CudaAsm.Emit(
                    FourRows + "setp.gt.s32 p, %5, 32; @p ld.global.nc.v2.f32 {s16, s17}, [w0 + 128]; @p ld.global.nc.v2.f32 {s18, s19}, [w1 + 128]; @p ld.global.nc.v2.f32 {s48, s49}, [w2 + 128]; @p ld.global.nc.v2.f32 {s50, s51}, [w3 + 128];"
                    + "setp.gt.s32 p, %5, 40; @p ld.global.nc.v2.f32 {s20, s21}, [w0 + 160]; @p ld.global.nc.v2.f32 {s22, s23}, [w1 + 160]; @p ld.global.nc.v2.f32 {s52, s53}, [w2 + 160]; @p ld.global.nc.v2.f32 {s54, s55}, [w3 + 160];",
                    table, row0, row8, row16, row24, keys);
            }
            else
            {
                CudaAsm.Emit(
                    TwoRows + "setp.gt.s32 p, %3, 32; @p ld.global.nc.v2.f32 {s16, s17}, [w0 + 128]; @p ld.global.nc.v2.f32 {s18, s19}, [w1 + 128];"
                    + "setp.gt.s32 p, %3, 40; @p ld.global.nc.v2.f32 {s20, s21}, [w0 + 160]; @p ld.global.nc.v2.f32 {s22, s23}, [w1 + 160];",
                    table, row0, row8, keys);
            }
        }
        else
        {
            if (isTall)
            {
                CudaAsm.Emit(
                    FourRows + "setp.gt.s32 p, %5, 48; @p ld.global.nc.v2.f32 {s24, s25}, [w0 + 192]; @p ld.global.nc.v2.f32 {s26, s27}, [w1 + 192]; @p ld.global.nc.v2.f32 {s56, s57}, [w2 + 192]; @p ld.global.nc.v2.f32 {s58, s59}, [w3 + 192];"
                    + "setp.gt.s32 p, %5, 56; @p ld.global.nc.v2.f32 {s28, s29}, [w0 + 224]; @p ld.global.nc.v2.f32 {s30, s31}, [w1 + 224]; @p ld.global.nc.v2.f32 {s60, s61}, [w2 + 224]; @p ld.global.nc.v2.f32 {s62, s63}, [w3 + 224];",
                    table, row0, row8, row16, row24, keys);
            }
            else
            {
                CudaAsm.Emit(
                    TwoRows + "setp.gt.s32 p, %3, 48; @p ld.global.nc.v2.f32 {s24, s25}, [w0 + 192]; @p ld.global.nc.v2.f32 {s26, s27}, [w1 + 192];"
                    + "setp.gt.s32 p, %3, 56; @p ld.global.nc.v2.f32 {s28, s29}, [w0 + 224]; @p ld.global.nc.v2.f32 {s30, s31}, [w1 + 224];",
                    table, row0, row8, keys);
            }
        }
    }

    public static void ScaleQueries(bool isWide, float scale)
    {
        CudaAsm.Emit(
            "{ .reg .b32 power, rest; .reg .f32 one; mov.b32 power, %0; and.b32 rest, power, 0x007FFFFF; or.b32 rest, rest, 0x3F800000; mov.b32 one, rest;"
            + "mul.f32 scale, one, 0f3FB8AA3B; and.b32 power, power, 0x7F800000; mov.b32 one, power; cvt.rn.bf16x2.f32 a0, one, one; }",
            scale);
        CudaAsm.Emit("mov.b32 a1, 0x80008000; fma.rn.bf16x2 q0, q0, a0, a1; fma.rn.bf16x2 q1, q1, a0, a1; fma.rn.bf16x2 q2, q2, a0, a1; fma.rn.bf16x2 q3, q3, a0, a1; fma.rn.bf16x2 q4, q4, a0, a1; fma.rn.bf16x2 q5, q5, a0, a1; fma.rn.bf16x2 q6, q6, a0, a1; fma.rn.bf16x2 q7, q7, a0, a1; fma.rn.bf16x2 q8, q8, a0, a1; fma.rn.bf16x2 q9, q9, a0, a1; fma.rn.bf16x2 q10, q10, a0, a1; fma.rn.bf16x2 q11, q11, a0, a1; fma.rn.bf16x2 q12, q12, a0, a1; fma.rn.bf16x2 q13, q13, a0, a1; fma.rn.bf16x2 q14, q14, a0, a1; fma.rn.bf16x2 q15, q15, a0, a1;");
        if (isWide)
        {
            CudaAsm.Emit("fma.rn.bf16x2 q16, q16, a0, a1; fma.rn.bf16x2 q17, q17, a0, a1; fma.rn.bf16x2 q18, q18, a0, a1; fma.rn.bf16x2 q19, q19, a0, a1; fma.rn.bf16x2 q20, q20, a0, a1; fma.rn.bf16x2 q21, q21, a0, a1; fma.rn.bf16x2 q22, q22, a0, a1; fma.rn.bf16x2 q23, q23, a0, a1; fma.rn.bf16x2 q24, q24, a0, a1; fma.rn.bf16x2 q25, q25, a0, a1; fma.rn.bf16x2 q26, q26, a0, a1; fma.rn.bf16x2 q27, q27, a0, a1; fma.rn.bf16x2 q28, q28, a0, a1; fma.rn.bf16x2 q29, q29, a0, a1; fma.rn.bf16x2 q30, q30, a0, a1; fma.rn.bf16x2 q31, q31, a0, a1;");
        }
    }

    public static void AddSlopes(int part, bool isDeep, float distance)
    {
        if (part == 1)
        {
            CudaAsm.Emit(
                "add.f32 x0, %0, 0f00000000; abs.f32 x0, x0; add.f32 x1, %0, 0fBF800000; abs.f32 x1, x1; add.f32 x2, %0, 0f41000000; abs.f32 x2, x2; add.f32 x3, %0, 0f40E00000; abs.f32 x3, x3; fma.rn.f32 s32, x0, weight, s32; fma.rn.f32 s33, x1, weight, s33; fma.rn.f32 s34, x2, weight, s34; fma.rn.f32 s35, x3, weight, s35;"
                + "add.f32 x0, %0, 0fC1000000; abs.f32 x0, x0; add.f32 x1, %0, 0fC1100000; abs.f32 x1, x1; add.f32 x2, %0, 0f00000000; abs.f32 x2, x2; add.f32 x3, %0, 0fBF800000; abs.f32 x3, x3; fma.rn.f32 s36, x0, weight, s36; fma.rn.f32 s37, x1, weight, s37; fma.rn.f32 s38, x2, weight, s38; fma.rn.f32 s39, x3, weight, s39;"
                + "add.f32 x0, %0, 0fC1800000; abs.f32 x0, x0; add.f32 x1, %0, 0fC1880000; abs.f32 x1, x1; add.f32 x2, %0, 0fC1000000; abs.f32 x2, x2; add.f32 x3, %0, 0fC1100000; abs.f32 x3, x3; fma.rn.f32 s40, x0, weight, s40; fma.rn.f32 s41, x1, weight, s41; fma.rn.f32 s42, x2, weight, s42; fma.rn.f32 s43, x3, weight, s43;"
                + "add.f32 x0, %0, 0fC1C00000; abs.f32 x0, x0; add.f32 x1, %0, 0fC1C80000; abs.f32 x1, x1; add.f32 x2, %0, 0fC1800000; abs.f32 x2, x2; add.f32 x3, %0, 0fC1880000; abs.f32 x3, x3; fma.rn.f32 s44, x0, weight, s44; fma.rn.f32 s45, x1, weight, s45; fma.rn.f32 s46, x2, weight, s46; fma.rn.f32 s47, x3, weight, s47;"
                + "add.f32 x0, %0, 0fC2000000; abs.f32 x0, x0; add.f32 x1, %0, 0fC2040000; abs.f32 x1, x1; add.f32 x2, %0, 0fC1C00000; abs.f32 x2, x2; add.f32 x3, %0, 0fC1C80000; abs.f32 x3, x3; fma.rn.f32 s48, x0, weight, s48; fma.rn.f32 s49, x1, weight, s49; fma.rn.f32 s50, x2, weight, s50; fma.rn.f32 s51, x3, weight, s51;"
                + "add.f32 x0, %0, 0fC2200000; abs.f32 x0, x0; add.f32 x1, %0, 0fC2240000; abs.f32 x1, x1; add.f32 x2, %0, 0fC2000000; abs.f32 x2, x2; add.f32 x3, %0, 0fC2040000; abs.f32 x3, x3; fma.rn.f32 s52, x0, weight, s52; fma.rn.f32 s53, x1, weight, s53; fma.rn.f32 s54, x2, weight, s54; fma.rn.f32 s55, x3, weight, s55;"
                + "add.f32 x0, %0, 0fC2400000; abs.f32 x0, x0; add.f32 x1, %0, 0fC2440000; abs.f32 x1, x1; add.f32 x2, %0, 0fC2200000; abs.f32 x2, x2; add.f32 x3, %0, 0fC2240000; abs.f32 x3, x3; fma.rn.f32 s56, x0, weight, s56; fma.rn.f32 s57, x1, weight, s57; fma.rn.f32 s58, x2, weight, s58; fma.rn.f32 s59, x3, weight, s59;"
                + "add.f32 x0, %0, 0fC2600000; abs.f32 x0, x0; add.f32 x1, %0, 0fC2640000; abs.f32 x1, x1; add.f32 x2, %0, 0fC2400000; abs.f32 x2, x2; add.f32 x3, %0, 0fC2440000; abs.f32 x3, x3; fma.rn.f32 s60, x0, weight, s60; fma.rn.f32 s61, x1, weight, s61; fma.rn.f32 s62, x2, weight, s62; fma.rn.f32 s63, x3, weight, s63;",
                distance);
            return;
        }

        CudaAsm.Emit(
            "add.f32 x0, %0, 0f00000000; abs.f32 x0, x0; add.f32 x1, %0, 0fBF800000; abs.f32 x1, x1; add.f32 x2, %0, 0f41000000; abs.f32 x2, x2; add.f32 x3, %0, 0f40E00000; abs.f32 x3, x3; fma.rn.f32 s0, x0, weight, s0; fma.rn.f32 s1, x1, weight, s1; fma.rn.f32 s2, x2, weight, s2; fma.rn.f32 s3, x3, weight, s3;"
            + "add.f32 x0, %0, 0fC1000000; abs.f32 x0, x0; add.f32 x1, %0, 0fC1100000; abs.f32 x1, x1; add.f32 x2, %0, 0f00000000; abs.f32 x2, x2; add.f32 x3, %0, 0fBF800000; abs.f32 x3, x3; fma.rn.f32 s4, x0, weight, s4; fma.rn.f32 s5, x1, weight, s5; fma.rn.f32 s6, x2, weight, s6; fma.rn.f32 s7, x3, weight, s7;"
            + "add.f32 x0, %0, 0fC1800000; abs.f32 x0, x0; add.f32 x1, %0, 0fC1880000; abs.f32 x1, x1; add.f32 x2, %0, 0fC1000000; abs.f32 x2, x2; add.f32 x3, %0, 0fC1100000; abs.f32 x3, x3; fma.rn.f32 s8, x0, weight, s8; fma.rn.f32 s9, x1, weight, s9; fma.rn.f32 s10, x2, weight, s10; fma.rn.f32 s11, x3, weight, s11;"
            + "add.f32 x0, %0, 0fC1C00000; abs.f32 x0, x0; add.f32 x1, %0, 0fC1C80000; abs.f32 x1, x1; add.f32 x2, %0, 0fC1800000; abs.f32 x2, x2; add.f32 x3, %0, 0fC1880000; abs.f32 x3, x3; fma.rn.f32 s12, x0, weight, s12; fma.rn.f32 s13, x1, weight, s13; fma.rn.f32 s14, x2, weight, s14; fma.rn.f32 s15, x3, weight, s15;",
            distance);
        if (!isDeep)
        {
            CudaAsm.Emit(
                "add.f32 x0, %0, 0fC2000000; abs.f32 x0, x0; add.f32 x1, %0, 0fC2040000; abs.f32 x1, x1; add.f32 x2, %0, 0fC1C00000; abs.f32 x2, x2; add.f32 x3, %0, 0fC1C80000; abs.f32 x3, x3; fma.rn.f32 s16, x0, weight, s16; fma.rn.f32 s17, x1, weight, s17; fma.rn.f32 s18, x2, weight, s18; fma.rn.f32 s19, x3, weight, s19;"
                + "add.f32 x0, %0, 0fC2200000; abs.f32 x0, x0; add.f32 x1, %0, 0fC2240000; abs.f32 x1, x1; add.f32 x2, %0, 0fC2000000; abs.f32 x2, x2; add.f32 x3, %0, 0fC2040000; abs.f32 x3, x3; fma.rn.f32 s20, x0, weight, s20; fma.rn.f32 s21, x1, weight, s21; fma.rn.f32 s22, x2, weight, s22; fma.rn.f32 s23, x3, weight, s23;"
                + "add.f32 x0, %0, 0fC2400000; abs.f32 x0, x0; add.f32 x1, %0, 0fC2440000; abs.f32 x1, x1; add.f32 x2, %0, 0fC2200000; abs.f32 x2, x2; add.f32 x3, %0, 0fC2240000; abs.f32 x3, x3; fma.rn.f32 s24, x0, weight, s24; fma.rn.f32 s25, x1, weight, s25; fma.rn.f32 s26, x2, weight, s26; fma.rn.f32 s27, x3, weight, s27;"
                + "add.f32 x0, %0, 0fC2600000; abs.f32 x0, x0; add.f32 x1, %0, 0fC2640000; abs.f32 x1, x1; add.f32 x2, %0, 0fC2400000; abs.f32 x2, x2; add.f32 x3, %0, 0fC2440000; abs.f32 x3, x3; fma.rn.f32 s28, x0, weight, s28; fma.rn.f32 s29, x1, weight, s29; fma.rn.f32 s30, x2, weight, s30; fma.rn.f32 s31, x3, weight, s31;",
                distance);
        }
    }
}
