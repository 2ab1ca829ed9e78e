namespace Data2Vec.Cli;

/// <summary><c>data2vec search</c>: the inputs that are the most similar to a query.</summary>
internal static class SearchCommand
{
    public static Command Create()
    {
        var query = new Argument<string>("QUERY") { Description = "What to look for: a file, or else a text" };
        var command = new Command("search", "List the inputs that are the most similar to a query of the same kind: rank, cosine, input, and the text of a line") { query };
        InputArguments inputs = InputArguments.AddTo(command, "What to search", Modality.Speech, Modality.Vision, Modality.Text);
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Embedding);
        Option<string> layer = OptionFactory.Layer(all: false);
        Option<string?> pool = OptionFactory.Pool(none: false);
        Option<int> top = new Option<int>("--top") { Description = "The number of inputs to list", DefaultValueFactory = _ => 10, HelpName = "K" }.Range(1, int.MaxValue);
        Option<string?> queryPrompt = OptionFactory.Prompt("--query-prompt", "the query");
        command.Add(layer, pool, top, queryPrompt);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            EmbeddingOptions options = models.EmbeddingOptions(parsed, layer, pool);
            using ModelSet loaded = models.Load(parsed);
            BadInputs bad = inputs.BadInputs(parsed);
            bool hasQueryPrompt = parsed.GetValue(queryPrompt) is not null;
            var runner = new ModelRunner(loaded, bad, cancellation, loaded.Limited.Without(queryPrompt.Name));
            EmbeddingRecord wanted = Query(parsed.GetRequiredValue(query), inputs.Reader(parsed, loaded.Kinds, bad, together: true, cancellation), source =>
            {
                var records = new List<EmbeddingRecord>();
                var strict = new BadInputs(parsed.InvocationConfiguration.Error, strict: true);
                new ModelRunner(loaded, strict, cancellation, hasQueryPrompt ? loaded.Limited.Without(ModelArguments.PromptName) : loaded.Limited).Embed([source], options with { PromptName = parsed.GetValue(queryPrompt) ?? options.PromptName }, false, _ => { }, records.AddRange);
                return records;
            });
            IReadOnlyList<InputSource> sources = inputs.Sources(parsed, loaded.KindsOf(wanted.ModelPath), bad, output: null, together: true, cancellation);
            var nearest = new NearestInputs(wanted.Values, parsed.GetValue(top));
            WorkProgress.Show(
                "Searching", parsed.InvocationConfiguration.Error, ownsTerminal: true, report => runner.Embed(sources, options, false, report, records => nearest.Add(records[0])));
            foreach ((int rank, EmbeddingRecord record, float cosine) in nearest.Ranked())
            {
                string text = record.Line is { } line ? $"\t{TerminalText.OneLine(line)}" : "";
                parsed.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rank}\t{cosine:0.0000}\t{TerminalText.OneLine(record.Input)}{text}"));
            }

            return bad.ExitCode;
        });
        return command;
    }

    private static EmbeddingRecord Query(string query, InputReader reader, Func<InputSource, List<EmbeddingRecord>> embed)
    {
        if (!File.Exists(query) && reader.IsInputName(query) && !query.Any(char.IsWhiteSpace))
        {
            throw new IOException($"{query}: no such file");
        }

        InputSource source = query == "-" || File.Exists(query) ? reader.Source(query) : reader.Texts([query]).Single();
        return embed(source) is [var only] ? only : throw new UsageException($"{source.Name}: the query must be a single input");
    }
}
