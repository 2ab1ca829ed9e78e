using System.Text;

namespace Data2Vec.Cli;

/// <summary><c>data2vec embed</c>: converts recordings, images and texts to vectors.</summary>
internal static class EmbedCommand
{
    public static Command Create()
    {
        var command = new Command("embed", "Convert recordings, images and texts to vectors");
        InputArguments inputs = InputArguments.AddTo(command, "What to embed", Modality.Speech, Modality.Vision, Modality.Text);
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Embedding);
        Option<string> layer = OptionFactory.Layer(all: true);
        Option<string?> pool = OptionFactory.Pool(none: true);
        var normalize = new Option<bool>("--normalize") { Description = "Scale each vector to length 1" };
        Option<string> format = new Option<string>("--format") { Description = "The format of the result", DefaultValueFactory = _ => "json" }
            .AcceptOnlyFromAmong(EmbeddingWriter.Formats);
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; default: the standard output", HelpName = "FILE" };
        command.Add(layer, pool, normalize, format, output);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string shape = parsed.GetRequiredValue(format);
            bool allLayers = parsed.GetRequiredValue(layer) == "all";
            EmbeddingOptions options = models.EmbeddingOptions(parsed, layer, pool) with { Normalize = parsed.GetValue(normalize) ? true : null };
            bool pooled = options.Pooling != Pooling.None;
            string? target = parsed.GetValue(output) is var file and not "-" ? file : null;
            Files.RequireOutput(target, [.. models.Paths(parsed), .. inputs.Paths(parsed)]);

            using ModelSet loaded = models.Load(parsed);
            BadInputs bad = inputs.BadInputs(parsed);
            IReadOnlyList<InputSource> sources = inputs.Sources(parsed, loaded.Kinds, bad, target, together: !allLayers, cancellation);
            int written = 0;
            var runner = new ModelRunner(loaded, bad, cancellation);
            bool Write(Stream stream)
            {
                using var writer = EmbeddingWriter.Create(shape, stream, pooled, allLayers);
                bool ownsTerminal = target is not null || Console.IsOutputRedirected;
                WorkProgress.Show("Embedding", parsed.InvocationConfiguration.Error, ownsTerminal, report => runner.Embed(sources, options, allLayers, report, records =>
                {
                    if (!writer.Accepts(records[0]))
                    {
                        bad.Report(TerminalText.Label(records[0].Input), new InvalidDataException(
                            $"--format {shape} has one table for all inputs, but this vector comes from another model than those before; use json or jsonl, or embed one kind at a time"));
                        return;
                    }

                    writer.Write(records);
                    written++;
                }));
                return written > 0;
            }

            try
            {
                if (target is not null)
                {
                    Files.WriteWhole(target, Write);
                }
                else
                {
                    WriteToOutput(Write, shape, parsed.InvocationConfiguration.Output);
                }
            }
            catch (OperationCanceledException)
            {
                throw new InterruptedException(target is null ? $"cancelled; {written} results were written" : $"cancelled; {target} was not written");
            }

            return bad.ExitCode;
        });
        return command;
    }

    private static void WriteToOutput(Func<Stream, bool> write, string format, TextWriter output)
    {
        if (ReferenceEquals(output, Console.Out))
        {
            using Stream stream = Console.OpenStandardOutput();
            using var buffered = new BufferedStream(stream, 1 << 16);
            write(buffered);
            return;
        }

        if (format == "npy")
        {
            throw new UsageException("--format npy is binary; give a file with -o");
        }

        using var memory = new MemoryStream();
        try
        {
            write(memory);
        }
        finally
        {
            output.Write(Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length));
        }
    }
}
