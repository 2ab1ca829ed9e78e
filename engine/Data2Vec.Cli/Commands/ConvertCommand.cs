using System.CommandLine;
using System.Globalization;
using Data2Vec.Converters;
using Data2Vec.Kernels;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec convert</c>: a checkpoint becomes a model file.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var checkpoint = new Argument<string>("CHECKPOINT") { Description = "A fairseq checkpoint (.pt) of a data2vec speech model" };
        var output = new Option<string>("--output", "-o") { Description = "The model file to write (.d2v)", Required = true, HelpName = "MODEL" };
        var dictionary = new Option<string?>("--dict") { Description = "The dictionary of a CTC head (dict.ltr.txt) instead of the checkpoint's own", HelpName = "FILE" };
        var type = new Option<string>("--dtype") { Description = "The number format of the weights", DefaultValueFactory = _ => "f32" };
        type.AcceptOnlyFromAmong("f32", "f16", "bf16", "i8");
        var teacher = new Option<bool>("--teacher") { Description = "Take the transformer's weights from the EMA teacher of pre-training" };
        var command = new Command("convert", "Convert a checkpoint to a model file") { checkpoint, output, dictionary, type, teacher };
        command.SetAction(parsed =>
        {
            string source = Files.RequireFile(parsed.GetRequiredValue(checkpoint));
            string target = Files.RequireFolderOf(parsed.GetRequiredValue(output));
            string? labels = parsed.GetValue(dictionary);
            Files.RequireOther(target, source, labels);
            var options = new ConversionOptions
            {
                DictionaryPath = labels is null ? null : Files.RequireFile(labels),
                Type = TypeOf(parsed.GetRequiredValue(type)),
                Teacher = parsed.GetValue(teacher),
            };
            ConversionResult result = WorkProgress.Show(
                $"Converting {Path.GetFileName(source)}",
                parsed.InvocationConfiguration.Error,
                report => CheckpointConverter.Convert(source, Files.ModelTarget(target), options, new Reporter(report)));
            parsed.InvocationConfiguration.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{target}: {result.Description}; {result.Parameters:N0} weights, {result.Bytes:N0} bytes"));
        });
        return command;
    }

    private static ElementType TypeOf(string name) => name switch
    {
        "f32" => ElementType.F32,
        "f16" => ElementType.F16,
        "bf16" => ElementType.BF16,
        "i8" => ElementType.I8,
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private sealed class Reporter(Action<int, int> report) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => report(value.Done, value.Total);
    }
}
