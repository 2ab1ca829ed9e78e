using System.Numerics.Tensors;

namespace Data2Vec.Cli;

/// <summary><c>data2vec similarity</c>: compares inputs by the cosine of their vectors.</summary>
internal static class SimilarityCommand
{
    private const int MaxInputs = 1000;

    public static Command Create()
    {
        var command = new Command("similarity", "Compare inputs of one kind by the cosine of their vectors");
        InputArguments inputs = InputArguments.AddTo(command, "Two or more inputs of one kind: WAV files, images, .txt files with one text per line, or .npy files that are passed to the model unprocessed");
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Embedding);
        Option<string> layer = OptionFactory.Layer(all: false), pool = OptionFactory.Pool(none: false);
        Option<string?> plot = OptionFactory.Plot("Also draw the table as a heat map");
        command.Add(layer, pool, plot);
        command.SetAction(parsed =>
        {
            string? picture = parsed.GetValue(plot);
            Files.RequireOutput(picture, [.. models.Paths(parsed), .. inputs.Paths(parsed)]);
            IReadOnlyList<InputSource> sources = inputs.Sources(parsed);
            int count = sources.Sum(source => source.Count);
            if (count is < 2 or > MaxInputs)
            {
                throw new UsageException($"{count} inputs: give 2 to {MaxInputs} inputs to compare");
            }

            var options = new EmbeddingOptions
            {
                Layer = OptionFactory.ParseLayer(parsed.GetRequiredValue(layer)),
                Pooling = OptionFactory.ParsePooling(parsed.GetRequiredValue(pool)),
            };
            using ModelSet loaded = models.Load(parsed);
            var runner = new ModelRunner(loaded, models.LongTexts(parsed));
            List<EmbeddingRecord> records = WorkProgress.Show(
                "Embedding", count, parsed.InvocationConfiguration.Error, report => runner.Embed(sources, options, false, report));
            if (records.Select(record => record.ModelPath).Distinct().Count() > 1)
            {
                throw new UsageException("the vectors of different models cannot be compared: give inputs of one kind");
            }

            float[,] cosines = Cosines(records);
            string[] names = [.. records.Select((record, i) => $"{i + 1} {TerminalText.Short(record.Input)}")];
            Print(cosines, names, parsed.InvocationConfiguration.Output);
            if (picture is not null)
            {
                Files.WriteWhole(picture, stream => stream.Write(SimilarityPlot.Draw(cosines, names, picture)));
            }
        });
        return command;
    }

    private static float[,] Cosines(List<EmbeddingRecord> records)
    {
        var cosines = new float[records.Count, records.Count];
        for (int i = 0; i < records.Count; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                cosines[i, j] = cosines[j, i] = TensorPrimitives.CosineSimilarity<float>(records[i].Values, records[j].Values);
            }
        }

        return cosines;
    }

    private static void Print(float[,] cosines, string[] names, TextWriter output)
    {
        int width = names.Max(name => name.Length);
        IEnumerable<int> columns = Enumerable.Range(0, names.Length);
        output.WriteLine(new string(' ', width) + string.Concat(columns.Select(column => $"{column + 1,8}")));
        for (int row = 0; row < names.Length; row++)
        {
            output.WriteLine(names[row].PadRight(width) + string.Concat(columns.Select(column => string.Create(CultureInfo.InvariantCulture, $"{cosines[row, column],8:0.0000}"))));
        }
    }
}
