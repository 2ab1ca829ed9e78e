using System.CommandLine;
using System.Globalization;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec embed</c>: recordings become vectors.</summary>
internal static class EmbedCommand
{
    private const string Shipped = "speech.d2v";

    public static Command Create()
    {
        Argument<string[]> inputs = ModelArguments.Recordings();
        Option<string?> model = ModelArguments.Model(Shipped);
        Option<int?> threads = ModelArguments.Threads();
        var layer = new Option<string>("--layer") { Description = "The layer: a number (0 is what enters the first), all, or last", DefaultValueFactory = _ => "last", HelpName = "N|all|last" };
        layer.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.Tokens[0].Value is not ("all" or "last") && !TryLayer(result.Tokens[0].Value, out _))
                result.AddError("--layer must be a number, all or last");
        });
        var pool = new Option<string>("--pool") { Description = "How a layer's rows become one vector; none keeps them", DefaultValueFactory = _ => "mean" };
        pool.AcceptOnlyFromAmong("mean", "cls", "none");
        var normalize = new Option<bool>("--normalize") { Description = "Bring each vector to length 1" };
        var format = new Option<string>("--format") { Description = "The format of the result", DefaultValueFactory = _ => "json" };
        format.AcceptOnlyFromAmong(EmbeddingWriter.Formats);
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; left out, the standard output", HelpName = "FILE" };
        var command = new Command("embed", "Turn recordings into vectors") { inputs, model, layer, pool, normalize, format, output, threads, ModelArguments.Device() };
        command.SetAction(parsed =>
        {
            string[] paths = parsed.GetRequiredValue(inputs);
            string shape = parsed.GetRequiredValue(format);
            bool pooled = parsed.GetRequiredValue(pool) == "mean";
            string layers = parsed.GetRequiredValue(layer);
            if (parsed.GetRequiredValue(pool) == "cls")
                throw new UsageException("--pool cls is for models with a class token; speech models have none, use mean or none");
            if (shape == "npy" && !pooled && paths.Length != 1)
                throw new UsageException("--pool none --format npy takes exactly one input");
            string modelPath = Files.Model(parsed.GetValue(model), Shipped);
            string? target = parsed.GetValue(output);
            foreach (string path in paths)
                Files.RequireFile(path);
            if (target is not null)
                Files.RequireOther(Files.RequireFolderOf(target), [modelPath, .. paths]);
            var options = new EmbeddingOptions
            {
                Layer = TryLayer(layers, out int number) ? number : null,
                Pooling = pooled ? Pooling.Mean : Pooling.None,
                Normalize = parsed.GetValue(normalize),
            };

            using Data2VecModel loaded = Data2VecModel.Load(modelPath, ModelArguments.Options(parsed.GetValue(threads)));
            if (options.Layer > loaded.Layers)
                throw new UsageException($"--layer {options.Layer}: the model has {loaded.Layers} layers");
            List<EmbeddingRecord> records = paths.Length == 1
                ? Embed(loaded, paths, options, layers == "all", (_, _) => { })
                : WorkProgress.Show(
                    "Embedding",
                    parsed.InvocationConfiguration.Error,
                    report => Embed(loaded, paths, options, layers == "all", report));
            var writer = new EmbeddingWriter(records, Path.GetFileName(modelPath), pooled, layers == "all");
            if (target is not null)
            {
                Files.WriteWhole(target, stream => writer.Write(stream, shape));
                return;
            }

            WriteToOutput(writer, shape, parsed.InvocationConfiguration.Output);
        });
        return command;
    }

    private static List<EmbeddingRecord> Embed(
        Data2VecModel model, string[] paths, EmbeddingOptions options, bool allLayers, Action<int, int> report)
    {
        var records = new List<EmbeddingRecord>();
        for (int i = 0; i < paths.Length; i++)
        {
            AudioInput input = AudioInput.Load(paths[i], model.SampleRate);
            int first = allLayers ? 0 : options.Layer ?? model.Layers;
            float[][] vectors = input.Run(samples => allLayers
                ? model.EmbedAudioLayers(samples, options, !input.IsRaw)
                : model.EmbedAudio([samples], options, !input.IsRaw));
            foreach (float[] vector in vectors)
            {
                if (vector.Any(number => !float.IsFinite(number)))
                    throw new InvalidDataException($"{input.Path}: the model gives numbers that are not finite");
                records.Add(new EmbeddingRecord(input.Path, first++, model.HiddenSize, vector));
            }

            report(i + 1, paths.Length);
        }

        return records;
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
            throw new UsageException("--format npy is binary; give a file with -o");
        using var memory = new MemoryStream();
        writer.Write(memory, format);
        output.Write(System.Text.Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length));
    }

    private static bool TryLayer(string text, out int layer) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out layer);
}
