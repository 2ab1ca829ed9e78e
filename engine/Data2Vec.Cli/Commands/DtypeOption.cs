using System.CommandLine;
using Data2Vec.Kernels;

namespace Data2Vec.Cli.Commands;

/// <summary>The option that says how a model file stores its weights.</summary>
internal static class DtypeOption
{
    public static Option<string> Create() => new Option<string>("--dtype") { Description = "The number format of the weights", DefaultValueFactory = _ => "f32" }
        .AcceptOnlyFromAmong("f32", "f16", "bf16", "i8");

    public static ElementType TypeOf(string name) => name switch
    {
        "f32" => ElementType.F32,
        "f16" => ElementType.F16,
        "bf16" => ElementType.BF16,
        "i8" => ElementType.I8,
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };
}
