using System.CommandLine;
using System.Globalization;
using System.Numerics.Tensors;
using Data2Vec.Cli.Inputs;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec similarity</c>: how near inputs are to each other, by the cosine of their vectors.</summary>
internal static class SimilarityCommand
{
    private const int MostInputs = 1000;

    public static Command Create()
    {
        var command = new Command("similarity", "Compare inputs of one kind by the cosine of their vectors");
        InputArguments inputs = InputArguments.AddTo(command, "Two inputs or more of one kind: WAV files, images, .txt files of a text a line, or .npy files of a model's very input");
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Embedding);
        Option<string> layer = LayerOption.Create(all: false);
        Option<string> pool = LayerOption.Pool("mean", "cls");
        Option<string?> plot = PlotFile.Option("Also draw the table");
        command.Add(layer);
        command.Add(pool);
        command.Add(plot);
        command.SetAction(parsed =>
        {
            string? picture = parsed.GetValue(plot);
            if (picture is not null)
            {
                Files.RequireOther(Files.RequireFolderOf(picture), [.. models.Paths(parsed), .. inputs.Paths(parsed)]);
            }

            IReadOnlyList<InputSource> sources = inputs.Sources(parsed);
            int count = sources.Sum(source => source.Count);
            if (count is < 2 or > MostInputs)
            {
                throw new UsageException($"{count} inputs: give from 2 to {MostInputs} to compare");
            }

            var options = new EmbeddingOptions
            {
                Layer = LayerOption.Number(parsed.GetRequiredValue(layer)),
                Pooling = LayerOption.PoolingOf(parsed.GetRequiredValue(pool)),
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
            string[] names = [.. records.Select((record, i) => $"{i + 1} {Text.Short(record.Input)}")];
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
        const int Column = 8;
        int width = names.Max(name => name.Length);
        output.Write(new string(' ', width));
        for (int i = 0; i < names.Length; i++)
        {
            output.Write((i + 1).ToString(CultureInfo.InvariantCulture).PadLeft(Column));
        }

        output.WriteLine();
        for (int i = 0; i < names.Length; i++)
        {
            output.Write(names[i].PadRight(width));
            for (int j = 0; j < names.Length; j++)
            {
                output.Write(cosines[i, j].ToString("0.0000", CultureInfo.InvariantCulture).PadLeft(Column));
            }

            output.WriteLine();
        }
    }
}
