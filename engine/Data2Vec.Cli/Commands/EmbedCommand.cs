using System.CommandLine;
using Data2Vec.Cli.Inputs;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec embed</c>: recordings, images and texts become vectors.</summary>
internal static class EmbedCommand
{
    public static Command Create()
    {
        var command = new Command("embed", "Turn recordings, images and texts into vectors");
        InputArguments inputs = InputArguments.AddTo(command, "WAV files, images (JPEG, PNG, WebP, BMP, GIF), .txt files of a text a line, or .npy files of a model's very input");
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Embedding);
        Option<string> layer = LayerOption.Create(all: true);
        Option<string> pool = LayerOption.Pool("mean", "cls", "none");
        var normalize = new Option<bool>("--normalize") { Description = "Bring each vector to length 1" };
        var format = new Option<string>("--format") { Description = "The format of the result", DefaultValueFactory = _ => "json" };
        format.AcceptOnlyFromAmong(EmbeddingWriter.Formats);
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; left out, the standard output", HelpName = "FILE" };
        command.Add(layer);
        command.Add(pool);
        command.Add(normalize);
        command.Add(format);
        command.Add(output);
        command.SetAction(parsed =>
        {
            string shape = parsed.GetRequiredValue(format);
            string layers = parsed.GetRequiredValue(layer);
            var options = new EmbeddingOptions
            {
                Layer = LayerOption.Number(layers),
                Pooling = LayerOption.PoolingOf(parsed.GetRequiredValue(pool)),
                Normalize = parsed.GetValue(normalize),
            };
            bool pooled = options.Pooling != Pooling.None;
            string? target = parsed.GetValue(output);
            if (target is not null)
            {
                Files.RequireOther(Files.RequireFolderOf(target), [.. models.Paths(parsed), .. inputs.Paths(parsed)]);
            }

            IReadOnlyList<InputSource> sources = inputs.Sources(parsed, together: layers != "all");
            int count = sources.Sum(source => source.Count);
            if (shape == "npy" && !pooled && count != 1)
            {
                throw new UsageException("--pool none --format npy takes exactly one input");
            }

            using ModelSet loaded = models.Load(parsed);
            var runner = new ModelRunner(loaded, models.LongTexts(parsed));
            List<EmbeddingRecord> records = WorkProgress.Show(
                "Embedding", count, parsed.InvocationConfiguration.Error, report => runner.Embed(sources, options, layers == "all", report));
            var writer = new EmbeddingWriter(records, pooled, layers == "all");
            if (target is not null)
            {
                Files.WriteWhole(target, stream => writer.Write(stream, shape));
                return;
            }

            WriteToOutput(writer, shape, parsed.InvocationConfiguration.Output);
        });
        return command;
    }

    private static void WriteToOutput(EmbeddingWriter writer, string format, TextWriter output)
    {
        if (ReferenceEquals(output, Console.Out))
        {
            using Stream stream = Console.OpenStandardOutput();
            using var buffered = new BufferedStream(stream, 1 << 16);
            writer.Write(buffered, format);
            return;
        }

        if (format == "npy")
        {
            throw new UsageException("--format npy is binary; give a file with -o");
        }

        using var memory = new MemoryStream();
        writer.Write(memory, format);
        output.Write(System.Text.Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length));
    }
}
