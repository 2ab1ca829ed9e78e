using System.Text.Json;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Cli;

/// <summary><c>data2vec inspect</c>: shows the contents of a model file.</summary>
internal static class InspectCommand
{
    private static readonly JsonSerializerOptions s_json = new(TerminalText.Json) { WriteIndented = true };

    public static Command Create()
    {
        var path = new Argument<string>("MODEL") { Description = "A model file (.d2v), or the name of a pulled model" };
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor" };
        var verify = new Option<bool>("--verify") { Description = "Verify all checksums" };
        var command = new Command("inspect", "Show the contents of a model file") { path, tensors, verify };
        command.SetAction(parsed =>
        {
            bool verified = parsed.GetValue(verify);
            using D2vFile file = D2vFile.Open(ModelName.Resolve(parsed.GetRequiredValue(path)), verified);
            TextWriter output = parsed.InvocationConfiguration.Output;
            Describe(file, output);
            if (parsed.GetValue(tensors))
            {
                foreach (TensorInfo tensor in file.Tensors.Values.OrderBy(tensor => tensor.Offset))
                {
                    output.WriteLine($"{tensor.Name}\t{Format(tensor)}\t[{string.Join(", ", tensor.Shape)}]\t{Bytes(tensor.Bytes)}");
                }
            }

            if (verified)
            {
                output.WriteLine("verified: every byte");
            }
        });
        return command;
    }

    private static void Describe(D2vFile file, TextWriter output)
    {
        output.WriteLine($"file: {file.Path}, {Bytes(file.Length)}");
        output.WriteLine($"architecture: {file.Architecture}");
        output.WriteLine($"provenance: {JsonSerializer.Serialize(file.Provenance, s_json)}");
        output.WriteLine($"config: {JsonSerializer.Serialize(file.Config, s_json)}");
        long weights = file.Tensors.Values.Sum(tensor => tensor.Count);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"tensors: {file.Tensors.Count}, {weights:N0} weights"));
        foreach (IGrouping<string, TensorInfo> format in file.Tensors.Values.GroupBy(Format).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"  {format.Key}: {format.Count()} tensors, {Bytes(format.Sum(tensor => tensor.Bytes))}");
        }

        output.WriteLine($"assets: {file.Assets.Count}");
        foreach (AssetInfo asset in file.Assets.Values)
        {
            output.WriteLine($"  {asset.Name}: {Bytes(asset.Bytes)}");
        }
    }

    private static string Format(TensorInfo tensor) =>
        tensor.Type.ToString().ToLowerInvariant() + (tensor.Layout == WeightLayout.Panels ? " in panels" : "");

    private static string Bytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes");
}
