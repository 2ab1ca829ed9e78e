namespace Data2Vec.Cli;

/// <summary><c>data2vec embed</c>: converts recordings, images and texts to vectors.</summary>
internal static class EmbedCommand
{
    public static Command Create()
    {
        var command = new Command("embed", "Convert recordings, images and texts to vectors");
        InputArguments inputs = InputArguments.AddTo(command, "WAV files, images (JPEG, PNG, WebP, BMP, GIF), .txt files with one text per line, or .npy files that are passed to the model unprocessed");
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Embedding);
        Option<string> layer = OptionFactory.Layer(all: true), pool = OptionFactory.Pool(none: true);
        var normalize = new Option<bool>("--normalize") { Description = "Scale each vector to length 1" };
        Option<string> format = new Option<string>("--format") { Description = "The format of the result", DefaultValueFactory = _ => "json" }
            .AcceptOnlyFromAmong(EmbeddingWriter.Formats);
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; default: the standard output", HelpName = "FILE" };
        command.Add(layer, pool, normalize, format, output);
        command.SetAction(parsed =>
        {
            string shape = parsed.GetRequiredValue(format), layers = parsed.GetRequiredValue(layer);
            bool allLayers = layers == "all";
            var options = new EmbeddingOptions
            {
                Layer = OptionFactory.ParseLayer(layers),
                Pooling = OptionFactory.ParsePooling(parsed.GetRequiredValue(pool)),
                Normalize = parsed.GetValue(normalize),
            };
            bool pooled = options.Pooling != Pooling.None;
            string? target = parsed.GetValue(output);
            Files.RequireOutput(target, [.. models.Paths(parsed), .. inputs.Paths(parsed)]);
            IReadOnlyList<InputSource> sources = inputs.Sources(parsed, together: !allLayers);
            int count = sources.Sum(source => source.Count);
            if (shape == "npy" && !pooled && count != 1)
            {
                throw new UsageException("--pool none --format npy takes exactly one input");
            }

            using ModelSet loaded = models.Load(parsed);
            var runner = new ModelRunner(loaded, models.LongTexts(parsed));
            List<EmbeddingRecord> records = WorkProgress.Show(
                "Embedding", count, parsed.InvocationConfiguration.Error, report => runner.Embed(sources, options, allLayers, report));
            var writer = new EmbeddingWriter(records, pooled, allLayers);
            if (target is not null)
            {
                Files.WriteWhole(target, stream => writer.Write(stream, shape));
            }
            else
            {
                WriteToOutput(writer, shape, parsed.InvocationConfiguration.Output);
            }
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
