using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Data2Vec.Kernels.Gpu.DeviceCode;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// Assembles every CUDA kernel without a GPU. The assembler <c>ptxas</c> is taken from the environment variable PTXAS or the path.
/// </summary>
public partial class CudaAssemblyTests
{
    /// <summary>Registers of a multiprocessor, for two groups unless a kernel asks for another number.</summary>
    private const int RegistersOfMultiprocessor = 65536;

    private static readonly Type[] s_weights = [typeof(Float4), typeof(Packed4Float16<Float16Format>), typeof(Packed4Float16<BFloat16Format>), typeof(Packed4Int8)];

    /// <summary>Non-matmul instructions each kernel must contain.</summary>
    private static readonly Dictionary<Type, string[]> s_instructions = new()
    {
        [typeof(TensorKernel)] = [@"LDSM\.16\.M88\.4", @"LDGSTS\.E\.BYPASS\.128", @"LDG\.E\.128", @"STG\.E\.128", @"LDS\.128"],
        [typeof(WarpgroupKernel)] = [@"LDGSTS\.E\.BYPASS\.128", @"LDG\.E\.128", @"STG\.E\.128", @"LDS\.128"],
        [typeof(TensorAttentionKernel)] = [@"LDSM\.16\.M88\.4", @"LDGSTS\.E\.BYPASS\.128", @"MUFU\.EX2", @"STG\.E\.128", @"LDS\.128"],
        [typeof(WarpNormKernel)] = [@"LDG\.E\.128", @"STG\.E\.128"],
    };

    /// <summary>Matmul instructions of warps and of warpgroups, and related ones, by number format.</summary>
    private static readonly Dictionary<Type, (string[] Warps, string[] Warpgroups)> s_products = new()
    {
        [typeof(BFloat16Format)] = ([@"HMMA\.16816\.F32\.BF16", @"LDSM\.16\.MT88\.4"], [@"HGMMA\.64x\d+x16\.F32\.BF16", @"MUFU\.TANH"]),
        [typeof(Float16Format)] = ([@"HMMA\.16816\.F32 ", @"LDSM\.16\.MT88\.4"], [@"HGMMA\.64x\d+x16\.F32 ", @"F2FP\.SATFINITE\.F16"]),
        [typeof(Float4)] = ([@"HMMA\.1688\.F32\.TF32", "LDS R"], []),
    };

    private static readonly Type[] s_rows = [typeof(DenseRows), typeof(Conv1dRows), typeof(Conv2dRows)];

    public static TheoryData<string> Architectures => ["sm_80", "sm_90a"];

    [Theory, MemberData(nameof(Architectures))]
    public void Every_kernel_assembles_without_spills_or_stack(string architecture)
    {
        // Of old drivers, and of such that know how numbers of f16 are kept within it.
        CudaInstructionSet instructions = architecture == WarpgroupKernel.Target ? CudaInstructionSet.ISA_81 : CudaInstructionSet.ISA_80;
        string assembler = Assembler();
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, instructions, null!);
        string folder = Directory.CreateTempSubdirectory("data2vec-").FullName;
        try
        {
            string[] problems = [.. Kernels().Where(kernel => IsFor(kernel.Method, architecture)).Select(kernel => Problem(backend, assembler, architecture, folder, kernel.Method, kernel.Threads, kernel.Groups)).OfType<string>()];
            Assert.True(problems.Length == 0, string.Join("\n", problems));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Weights_are_loaded_four_at_once()
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_81, null!);
        foreach (IGrouping<string, MethodInfo> formats in Kernels().Select(kernel => kernel.Method).Where(kernel => kernel.GetGenericArguments().LastOrDefault() is { } last && s_weights.Contains(last))
            .GroupBy(kernel => string.Join(' ', kernel.GetGenericArguments().SkipLast(1).Select(type => type.Name).Prepend(kernel.Name))))
        {
            // Loads of narrow numbers are those of weights; f32 has as many loads of float4s as the others have in all.
            var float4s = new HashSet<int>();
            foreach (MethodInfo kernel in formats)
            {
                string code = Compile(backend, kernel, 256, null).PTXAssembly;
                float4s.Add(VectorLoads().Count(code));
                Assert.False(NarrowLoads().IsMatch(code), $"{formats.Key} {kernel.GetGenericArguments()[^1].Name}: {NarrowLoads().Match(code).Value}");
            }

            Assert.InRange(Assert.Single(float4s), 1, int.MaxValue);
        }
    }

    [Fact]
    public void Partial_sums_and_epilogue_operands_are_loaded_four_at_once()
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_80, null!);
        foreach ((MethodInfo kernel, int threads, int? groups) in Kernels().Where(kernel => kernel.Method.Name == nameof(WarpNormKernel.NormalizeSplitK)))
        {
            string code = Compile(backend, kernel, threads, groups).PTXAssembly;
            Assert.InRange(VectorLoads().Count(code), 1, int.MaxValue);
            Assert.Equal(VectorLoads().Count(code), Loads().Count(code));
        }
    }

    /// <summary>All kernels with threads of a group and, if requested, groups of a multiprocessor.</summary>
    private static IEnumerable<(MethodInfo Method, int Threads, int? Groups)> Kernels()
    {
        foreach ((Type tile, int groups) in new[] { (typeof(MatrixTile128), MatrixTile128.GroupsPerMultiprocessor), (typeof(MatrixTile64), MatrixTile64.GroupsPerMultiprocessor) })
        {
            foreach (Type rows in s_rows)
            {
                foreach (Type weight in s_weights)
                {
                    yield return (Find(typeof(MatrixKernel), nameof(MatrixKernel.Multiply), tile, rows, weight), 256, groups);
                }
            }
        }

        foreach (Type tile in new[] { typeof(TensorTile128), typeof(TensorTile64) })
        {
            foreach (Type rows in s_rows)
            {
                foreach (Type numbers in new[] { typeof(Packed4Float16<BFloat16Format>), typeof(Packed4Float16<Float16Format>), typeof(Float4) })
                {
                    yield return (
                        Find(typeof(TensorKernel), nameof(TensorKernel.Multiply), tile, rows, numbers, typeof(CudaTensorUnit<>).MakeGenericType(numbers)),
                        TensorKernel.Threads, TensorKernel.GroupsPerMultiprocessor);
                }
            }
        }

        foreach ((MethodInfo Method, int Threads, int? Groups) kernel in Float16Kernels<BFloat16Format>().Concat(Float16Kernels<Float16Format>()))
        {
            yield return kernel;
        }

        yield return (Find(typeof(AttentionKernel), nameof(AttentionKernel.Attend), typeof(AttentionTile64)), 128, null);
        yield return (Find(typeof(AttentionKernel), nameof(AttentionKernel.Attend), typeof(AttentionTile128)), 64, null);
        foreach (Type weight in s_weights)
        {
            yield return (Find(typeof(RowKernels), nameof(RowKernels.Embed), weight), 256, null);
        }

        yield return (Find(typeof(ProductEpilogue), nameof(ProductEpilogue.FinishSplitK)), 256, null);
        foreach (string name in new[] { nameof(RowKernels.Normalize), nameof(RowKernels.Copy), nameof(RowKernels.Mean), nameof(RowKernels.MaxPool), nameof(RowKernels.AttentionGates) })
        {
            yield return (Find(typeof(RowKernels), name), 256, null);
        }
    }

    /// <summary>The kernels of 16-bit formats.</summary>
    private static IEnumerable<(MethodInfo Method, int Threads, int? Groups)> Float16Kernels<TFormat>()
        where TFormat : struct, IFloat16Format
    {
        foreach (Type rows in s_rows)
        {
            yield return Warpgroup<WarpgroupTile64x64, TFormat>(rows);
            yield return Warpgroup<WarpgroupTile128x128, TFormat>(rows);
            if (rows != typeof(Conv2dRows))
            {
                yield return Warpgroup<WarpgroupTile128x192, TFormat>(rows);
                yield return Warpgroup<WarpgroupTile256x192, TFormat>(rows);
            }
        }

        foreach (Type size in new[] { typeof(NormSize512), typeof(NormSize768), typeof(NormSize1024) })
        {
            yield return (Find(typeof(WarpNormKernel), nameof(WarpNormKernel.Normalize), size, typeof(TFormat)), WarpNormKernel.Threads, WarpNormKernel.GroupsPerMultiprocessor);
            yield return (Find(typeof(WarpNormKernel), nameof(WarpNormKernel.NormalizeSplitK), size, typeof(TFormat)), WarpNormKernel.SplitKThreads, 1);
        }

        yield return Attention<TensorAttentionTile128x64, TFormat>();
        yield return Attention<TensorAttentionTile64x64, TFormat>();
        yield return Attention<TensorAttentionTile64x128, TFormat>();
        yield return Attention<TensorAttentionTile64x64WithTable, TFormat>();
        yield return Attention<TensorAttentionTile64x128WithTable, TFormat>();
    }

    /// <summary>Whether an architecture has the instructions of a kernel.</summary>
    private static bool IsFor(MethodInfo kernel, string architecture) => kernel.DeclaringType != typeof(WarpgroupKernel) || architecture == WarpgroupKernel.Target;

    private static (MethodInfo Method, int Threads, int? Groups) Warpgroup<TTile, TFormat>(Type rows)
        where TTile : struct, IWarpgroupTile
        where TFormat : struct, IFloat16Format =>
        (Find(typeof(WarpgroupKernel), nameof(WarpgroupKernel.Multiply), typeof(TTile), rows, typeof(TFormat), typeof(CudaWarpgroupUnit<TFormat>)), WarpgroupKernel.Threads<TTile>(), TTile.GroupsPerMultiprocessor);

    private static (MethodInfo Method, int Threads, int? Groups) Attention<TTile, TFormat>()
        where TTile : struct, ITensorAttentionTile
        where TFormat : struct, IFloat16Format =>
        (Find(typeof(TensorAttentionKernel), nameof(TensorAttentionKernel.Attend), typeof(TTile), typeof(CudaAttentionUnit<TFormat>)), TensorAttentionKernel.Threads, TTile.GroupsPerMultiprocessor);

    private static MethodInfo Find(Type type, string name, params Type[] arguments)
    {
        MethodInfo method = type.GetMethod(name)!;
        return arguments.Length == 0 ? method : method.MakeGenericMethod(arguments);
    }

    private static string Assembler()
    {
        string? found = Environment.GetEnvironmentVariable("PTXAS")
            ?? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "ptxas")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(found is null, "ptxas is neither in the environment variable PTXAS nor in the path");
        return found;
    }

    /// <summary>The problem of a kernel, or null.</summary>
    private static string? Problem(PTXBackend backend, string assembler, string architecture, string folder, MethodInfo method, int threads, int? groups)
    {
        string name = KernelCache.Name(method);
        PTXCompiledKernel kernel = Compile(backend, method, threads, groups);
        string file = Path.Combine(folder, "kernel.ptx");
        File.WriteAllText(file, kernel.PTXAssembly);
        string binary = Path.Combine(folder, "kernel.cubin");
        using Process process = Process.Start(new ProcessStartInfo(assembler, ["-v", $"-arch={architecture}", file, "-o", binary]) { RedirectStandardError = true })!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {string.Join("; ", said.Split('\n').Where(line => line.Contains("bytes stack") || line.Contains("registers")).Select(line => line.Trim()))}");
        if (process.ExitCode != 0)
        {
            return $"{name}: {said}";
        }

        int[] stack = [.. Stack().Matches(said).SelectMany(match => match.Groups.Values.Skip(1)).Select(Number)];
        int registers = Number(Registers().Match(said).Groups[1]);
        string[] instructions = Instructions(method);
        if (instructions.Length > 0 && MissingInstructions(Path.Combine(Path.GetDirectoryName(assembler)!, "nvdisasm"), binary, instructions) is { } missing)
        {
            return $"{name}: {missing}";
        }

        // The assembler says where products would wait for one another: C7510 and those after it.
        return !said.Contains("Potential Performance Loss", StringComparison.Ordinal) && stack.Length > 0 && stack.All(bytes => bytes == 0) && (groups ?? 2) * threads * registers <= RegistersOfMultiprocessor ? null : $"{name}: {said}";
    }

    /// <summary>Instructions that a kernel must contain.</summary>
    private static string[] Instructions(MethodInfo method)
    {
        string[] instructions = s_instructions.GetValueOrDefault(method.DeclaringType!) ?? [];
        if (instructions.Length == 0 || method.DeclaringType == typeof(WarpNormKernel))
        {
            return instructions;
        }

        (string[] warps, string[] warpgroups) = s_products[CudaAssembly.TypesOf(method).First(s_products.ContainsKey)];
        return [.. method.DeclaringType == typeof(WarpgroupKernel) ? warpgroups : warps, .. instructions];
    }

    /// <summary>A missing or forbidden instruction, or null.</summary>
    private static string? MissingInstructions(string disassembler, string binary, string[] instructions)
    {
        using Process process = Process.Start(new ProcessStartInfo(disassembler, ["-c", binary]) { RedirectStandardOutput = true })!;
        string code = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        int Count(string instruction) => Regex.Count(code, instruction);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", instructions.Select(instruction => $"{instruction} {Count(instruction)}")));
        return instructions.FirstOrDefault(instruction => Count(instruction) == 0) is { } missing ? $"it has no {missing}"
            : Regex.IsMatch(code, @"\b(LDL|STL)\b") ? "it uses local memory"
            : null;
    }

    private static PTXCompiledKernel Compile(PTXBackend backend, MethodInfo method, int threads, int? groups) =>
        CudaAssembly.Compile(backend, method, new KernelSpecialization(threads, groups));

    private static int Number(Capture number) => int.Parse(number.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex Stack();

    [GeneratedRegex(@"ld\.global\.v[24]\.")]
    private static partial Regex VectorLoads();

    [GeneratedRegex(@"ld\.global\.")]
    private static partial Regex Loads();

    [GeneratedRegex(@"ld\.global\.[bsu](8|16)\s.*")]
    private static partial Regex NarrowLoads();

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();
}
