using System.Numerics.Tensors;

namespace Data2Vec.Cli;

/// <summary><c>data2vec similarity</c>: compares inputs by the cosine of their vectors.</summary>
internal static class SimilarityCommand
{
    private const int MaxInputs = 1000;
    private const int MaxInputsOfNeighbors = 50_000;

    public static Command Create()
    {
        var command = new Command("similarity", "Compare inputs of one kind by the cosine of their vectors");
        InputArguments inputs = InputArguments.AddTo(command, "Two or more inputs of one kind", Modality.Speech, Modality.Vision, Modality.Text);
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Embedding);
        Option<string> layer = OptionFactory.Layer(all: false);
        Option<string?> pool = OptionFactory.Pool(none: false);
        Option<string> order = new Option<string>("--order") { Description = "The order of the table: likeness (like inputs side by side) or input (as given)", DefaultValueFactory = _ => "likeness" }
            .AcceptOnlyFromAmong("likeness", "input");
        Option<int?> top = new Option<int?>("--top") { Description = "Instead of the table, list the most similar inputs for each input: input, rank, cosine, other input", HelpName = "K" }.Range(1, int.MaxValue);
        Option<string?> plot = OptionFactory.Plot("Also draw the table as a heat map");
        command.Add(layer, pool, order, top, plot);
        command.Validators.Add(result =>
        {
            if (result.GetResult(order) is { Implicit: false } && result.GetResult(top) is not null && result.GetResult(plot) is null)
            {
                result.AddError("--order has no effect with --top, which prints no table; leave it out, or add --plot");
            }
        });
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string? picture = parsed.GetValue(plot);
            Files.RequireOutput(picture, [.. models.Paths(parsed), .. inputs.Paths(parsed)]);
            int? neighbors = parsed.GetValue(top);
            int most = neighbors is null || picture is not null ? MaxInputs : MaxInputsOfNeighbors;
            EmbeddingOptions options = models.EmbeddingOptions(parsed, layer, pool);
            using ModelSet loaded = models.Load(parsed);
            BadInputs bad = inputs.BadInputs(parsed);
            IReadOnlyList<InputSource> sources = inputs.Sources(parsed, loaded.Kinds, bad, picture, together: true, cancellation);
            var records = new List<EmbeddingRecord>();
            RequireAtMost(most, sources.Count);
            WorkProgress.Show("Embedding", parsed.InvocationConfiguration.Error, ownsTerminal: true, report => new ModelRunner(loaded, bad, cancellation).Embed(sources, options, false, report, record =>
            {
                records.AddRange(record);
                RequireAtMost(most, records.Count);
            }));
            if (records.Count < 2)
            {
                return bad.Count > 0 ? bad.ExitCode : throw new UsageException($"{records.Count} inputs: give at least 2 inputs to compare");
            }

            if (records.Select(record => record.ModelPath).Distinct().Count() > 1)
            {
                throw new UsageException("the vectors of different models cannot be compared: give inputs of one kind");
            }

            TextWriter output = parsed.InvocationConfiguration.Output;
            if (neighbors is { } count)
            {
                PrintNeighbors(records, count, output);
            }

            if (neighbors is null || picture is not null)
            {
                float[,] cosines = Cosines(records);
                int[] places = parsed.GetRequiredValue(order) == "input" ? [.. Enumerable.Range(0, records.Count)] : LikenessOrder.Find(cosines);
                cosines = Ordered(cosines, places);
                string[] names = [.. places.Select(i => $"{i + 1} {TerminalText.Short(records[i].Line ?? records[i].Input)}")];
                if (neighbors is null)
                {
                    Print(cosines, places, names, output);
                }

                if (picture is not null)
                {
                    Files.WriteWhole(picture, stream => stream.Write(SimilarityPlot.Draw(cosines, places, names, picture)));
                }
            }

            return bad.ExitCode;
        });
        return command;
    }

    private static void RequireAtMost(int most, int count)
    {
        if (count > most)
        {
            throw new UsageException($"more than {most} inputs: compare fewer{(most == MaxInputs ? ", or list the nearest ones with --top and without --plot" : "")}");
        }
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

    private static float[,] Ordered(float[,] cosines, int[] places)
    {
        var ordered = new float[places.Length, places.Length];
        for (int i = 0; i < places.Length; i++)
        {
            for (int j = 0; j < places.Length; j++)
            {
                ordered[i, j] = cosines[places[i], places[j]];
            }
        }

        return ordered;
    }

    private static void Print(float[,] cosines, int[] places, string[] names, TextWriter output)
    {
        int width = names.Max(name => name.Length);
        output.WriteLine(new string(' ', width) + string.Concat(places.Select(place => $"{place + 1,8}")));
        for (int row = 0; row < names.Length; row++)
        {
            output.WriteLine(names[row].PadRight(width) + string.Concat(
                Enumerable.Range(0, names.Length).Select(column => string.Create(CultureInfo.InvariantCulture, $"{cosines[row, column],8:0.0000}"))));
        }
    }

    private static void PrintNeighbors(List<EmbeddingRecord> records, int count, TextWriter output)
    {
        foreach (EmbeddingRecord record in records)
        {
            var nearest = new NearestInputs(record.Values, count);
            foreach (EmbeddingRecord candidate in records.Where(candidate => candidate != record))
            {
                nearest.Add(candidate);
            }

            foreach ((int rank, EmbeddingRecord other, float cosine) in nearest.Ranked())
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TerminalText.OneLine(record.Input)}\t{rank}\t{cosine:0.0000}\t{TerminalText.OneLine(other.Input)}"));
            }
        }
    }
}
