using Data2Vec.Corpus;

namespace Data2Vec.Cli;

/// <summary>The arguments and options that say what a job is.</summary>
internal sealed class CorpusJobArguments
{
    private readonly Argument<string[]> _inputs = new("INPUT")
    {
        Description = "Folders, files, and tables (.csv, .tsv, .jsonl, .parquet); without any, goes on with the job in the folder",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder for the results, and for what a later run needs", HelpName = "FOLDER", Required = true };
    private readonly Option<string?> _list = new("--list") { Description = "A text file with more inputs, one path per line", HelpName = "FILE" };
    private readonly Option<int?> _shard = new Option<int?>("--shard-rows") { Description = "The inputs of a file of results; default: 1000 recordings or images, 10000 texts", HelpName = "N" }.Range(1, 10_000_000);
    private readonly Option<string> _layer = OptionFactory.Layer(all: false);
    private readonly Option<string?> _pool = OptionFactory.Pool(none: false);
    private readonly Option<bool> _normalize = new("--normalize") { Description = "Scale each vector to length 1" };

    private CorpusJobArguments(Command command)
    {
        _inputs.Validators.Add(InputArguments.RefuseOptions);
        command.Add(_inputs);
        command.Add(_output, _list, _shard, _layer, _pool, _normalize);
        Models = ModelArguments.AddTo(command, ModelArguments.Embedding);
    }

    /// <summary>The options for models.</summary>
    public ModelArguments Models { get; }

    public static CorpusJobArguments AddTo(Command command) => new(command);

    /// <summary>The model on the command line; null if there is none.</summary>
    public string? ModelPath(ParseResult parsed) => Models.Paths(parsed) switch
    {
        [] => null,
        [var path] => ModelName.Resolve(path),
        _ => throw new UsageException("--model: a job has one model; run a job for each kind of input"),
    };

    /// <summary>Creates the job, or opens that of the folder.</summary>
    public CorpusJob Open(ParseResult parsed, CancellationToken cancellation)
    {
        string folder = parsed.GetRequiredValue(_output);
        CorpusSource[] sources =
        [
            .. (parsed.GetValue(_inputs) ?? []).Select(path => CorpusSource.FromPath(path)),
            .. parsed.GetValue(_list) is { } list ? [new FileListSource(list)] : (CorpusSource[])[],
        ];
        if (sources.Length == 0)
        {
            return CorpusJob.Open(folder);
        }

        string model = ModelPath(parsed) ?? Files.Bundled(ModelArguments.Embedding[Modality.Text]);
        var task = new EmbedTask(model)
        {
            Options = Models.EmbeddingOptions(parsed, _layer, _pool) with { Normalize = parsed.GetValue(_normalize) ? true : null },
            ImageSize = Models.ImageSize(parsed),
        };
        return CorpusJob.Create(folder, task, sources, new CorpusJobOptions { RowsPerShard = parsed.GetValue(_shard) }, null, cancellation);
    }
}
