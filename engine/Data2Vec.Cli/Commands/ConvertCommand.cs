using System.CommandLine;
using System.Globalization;
using Data2Vec.Converters;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec convert</c>: a checkpoint becomes a model file.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var checkpoint = new Argument<string>("CHECKPOINT") { Description = "A checkpoint of a data2vec, BERT, VGG or meme model: a file, or a folder with a config.json" };
        var output = new Option<string>("--output", "-o") { Description = "The model file to write (.d2v)", Required = true, HelpName = "MODEL" };
        var dictionary = new Option<string?>("--dict") { Description = "fairseq's dictionary: of a text model (dict.txt, with --bpe), or of a CTC head (dict.ltr.txt) instead of the checkpoint's own", HelpName = "FILE" };
        var bytePairs = new Option<string[]>("--bpe") { Description = "The tokenizer's files of a text model: encoder.json and vocab.bpe", HelpName = "ENCODER VOCAB", Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true };
        var wordPieces = new Option<string?>("--vocab") { Description = "The vocabulary of a BERT model: vocab.txt", HelpName = "FILE" };
        var labelFile = new Option<string?>("--labels") { Description = "The labels of a classification head, one a line", HelpName = "FILE" };
        Option<string> type = DtypeOption.Create();
        var teacher = new Option<bool>("--teacher") { Description = "Take the transformer's weights from the EMA teacher of pre-training" };
        var command = new Command("convert", "Convert a checkpoint to a model file") { checkpoint, output, dictionary, bytePairs, wordPieces, labelFile, type, teacher };
        command.SetAction((parsed, cancellation) => Task.Run(
        () =>
        {
            string source = Files.RequireFileOrFolder(parsed.GetRequiredValue(checkpoint));
            string target = Files.RequireFolderOf(parsed.GetRequiredValue(output));
            string? dict = parsed.GetValue(dictionary), vocabulary = parsed.GetValue(wordPieces), labels = parsed.GetValue(labelFile);
            string[] bpe = parsed.GetValue(bytePairs) ?? [];
            foreach (string file in (IEnumerable<string>)[.. new[] { dict, vocabulary, labels }.OfType<string>(), .. bpe])
            {
                Files.RequireFile(file);
            }

            Files.RequireOther(target, [source, dict, vocabulary, labels, .. bpe]);
            var options = new ConversionOptions
            {
                DictionaryPath = dict,
                BytePairFiles = bpe is [string encoder, string merges] ? (encoder, merges) : null,
                VocabularyPath = vocabulary,
                LabelsPath = labels,
                Type = DtypeOption.TypeOf(parsed.GetRequiredValue(type)),
                Teacher = parsed.GetValue(teacher),
            };
            ConversionResult result = WorkProgress.Show(
                $"Converting {Path.GetFileName(source)}",
                int.MaxValue,
                parsed.InvocationConfiguration.Error,
                report => CheckpointConverter.Convert(source, Files.ModelTarget(target), options, new Reporter(report, cancellation)));
            parsed.InvocationConfiguration.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{target}: {result.Description}; {result.Parameters:N0} weights, {result.Bytes:N0} bytes"));
        },
        cancellation));
        return command;
    }

    /// <summary>Between two tensors the work can be given up, and the writer takes away what it wrote.</summary>
    private sealed class Reporter(Action<int, int> report, CancellationToken cancellation) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            cancellation.ThrowIfCancellationRequested();
            report(value.Done, value.Total);
        }
    }
}
