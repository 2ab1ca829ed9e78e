using System.CommandLine.Parsing;
using Data2Vec.Architectures;
using Data2Vec.Corpus;
using Data2Vec.ModelFile;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>The arguments and options that say what a job is.</summary>
internal sealed class CorpusJobArguments
{
    private const string Embed = "embed", Transcribe = "transcribe", Classify = "classify", Memes = "memes";
    private const string Files = "files", LibriSpeech = "librispeech", Classes = "classes";

    /// <summary>What a job is. Without inputs, the job is there already.</summary>
    private static readonly string[] s_ofJob =
    [
        "--task", "--layout", "--id-column", "--text-column", "--path-column", "--reference-column", "--shard-rows", "--layer", "--pool", "--normalize", "--words", "--languages",
        "--max-pixels", "--max-samples", "--long", "--window", "--stride", "--image-size", "--prompt",
    ];

    private readonly Argument<string[]> _inputs = new("INPUT")
    {
        Description = "Folders, files, and tables (.csv, .tsv, .jsonl, .parquet); without any, goes on with the job in the folder",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder for the results, and for what a later run needs", HelpName = "FOLDER", Required = true };
    private readonly Option<string?> _list = new("--list") { Description = "A text file with more inputs, one path per line", HelpName = "FILE" };
    private readonly Option<string> _task = new Option<string>("--task") { Description = "What is computed", DefaultValueFactory = _ => Embed }.AcceptOnlyFromAmong(Embed, Transcribe, Classify, Memes);
    private readonly Option<string> _layout = new Option<string>("--layout")
    {
        Description = "What is in folders: inputs (files), LibriSpeech's recordings and transcripts (librispeech), or a folder for each class (classes)",
        DefaultValueFactory = _ => Files,
    }.AcceptOnlyFromAmong(Files, LibriSpeech, Classes);

    private readonly Option<string?> _id = Column("--id-column", "the ids; default: id, key or uid");
    private readonly Option<string?> _text = Column("--text-column", "the texts; default: text, sentence, content or title");
    private readonly Option<string?> _path = Column("--path-column", "the paths; default: path, file, file_name, filename, audio, image or img");
    private readonly Option<string?> _reference = Column("--reference-column", "what is copied into the results; default: reference, label, class or transcript");
    private readonly Option<int?> _shard = new Option<int?>("--shard-rows") { Description = "The inputs of a file of results; default: 1000 recordings or images, 10000 texts", HelpName = "N" }.Range(1, CorpusJobOptions.MaxRowsPerShard);
    private readonly Option<string> _layer = OptionFactory.Layer(all: false);
    private readonly Option<string?> _pool = OptionFactory.Pool(none: false);
    private readonly Option<bool> _normalize = new("--normalize") { Description = "Scale each vector to length 1" };
    private readonly Option<bool> _words = new("--words") { Description = "Keep the words of transcripts, with their times" };
    private readonly Option<string> _languages = new("--languages") { Description = "Tesseract's names of the languages in memes", DefaultValueFactory = _ => "eng", HelpName = "eng+deu" };
    private readonly Option<long?> _pixels = OptionFactory.MaxPixels();
    private readonly Option<int> _samples = OptionFactory.MaxSamples();

    private CorpusJobArguments(Command command)
    {
        _inputs.Validators.Add(InputArguments.RefuseOptions);
        command.Add(_inputs);
        command.Add(_output, _list, _task, _layout, _id, _text, _path, _reference, _shard, _layer, _pool, _normalize, _words, _languages, _pixels, _samples);
        Models = ModelArguments.AddTo(command, ModelArguments.Embedding);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_inputs)?.Tokens is not { Count: > 0 } && result.GetResult(_list) is null
                && s_ofJob.FirstOrDefault(name => result.GetResult(name) is OptionResult { Implicit: false }) is { } idleWithout)
            {
                result.AddError($"{idleWithout} has no effect without inputs, where the job of the folder goes on");
            }

            // Defaults are not there yet when a command line is checked.
            string task = result.GetResult(_task)?.Tokens is [{ Value: var given }] ? given : Embed;
            Option[] idle =
            [
                .. task == Embed ? [] : (Option[])[_layer, _pool, _normalize],
                .. task == Transcribe ? [] : (Option[])[_words],
                .. task == Memes ? [] : (Option[])[_languages],
            ];
            foreach (Option option in idle.Where(option => result.GetResult(option) is { Implicit: false }))
            {
                result.AddError($"{option.Name} has no effect with --task {task}");
            }
        });
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
        string[] paths = parsed.GetValue(_inputs) ?? [];
        string? list = parsed.GetValue(_list);
        if (paths.Length == 0 && list is null)
        {
            return CorpusJob.Open(folder);
        }

        CorpusSource[] sources = [.. paths.Select(path => Source(parsed, path)), .. list is null ? [] : (CorpusSource[])[new FileListSource(list)]];
        string model = ModelPath(parsed) ?? Bundled(parsed.GetRequiredValue(_task), paths, list);
        LimitedOptions.Of(parsed).RequirePossible([new InputSource(model, FormOf(model), () => [])]);
        CorpusTask task = Task(parsed, model) with
        {
            Limits = new InputLimits { MaxPixels = OptionFactory.ParseLimits(parsed.GetValue(_pixels)).MaxPixels, MaxSamples = parsed.GetValue(_samples) },
        };
        return CorpusJob.Create(folder, task, sources, new CorpusJobOptions { RowsPerShard = parsed.GetValue(_shard) }, null, cancellation);
    }

    /// <summary>What the model of a file takes.</summary>
    private static InputForm FormOf(string model)
    {
        using D2vFile file = D2vFile.Open(model, verify: false);
        return ModelArchitecture.All.FirstOrDefault(known => known.Name == file.Architecture)?.Modality switch
        {
            Modality.Text => InputForm.Text,
            Modality.Speech => InputForm.Recording,
            _ => InputForm.Image,
        };
    }

    private static Option<string?> Column(string name, string what) => new(name) { Description = $"The column of a table with {what}", HelpName = "NAME" };

    private CorpusSource Source(ParseResult parsed, string path) => (parsed.GetRequiredValue(_layout), Directory.Exists(path)) switch
    {
        (LibriSpeech, true) => new LibriSpeechSource(path),
        (Classes, true) => new ImageFolderSource(path),
        _ => CorpusSource.FromPath(path, new TableColumns
        {
            Id = parsed.GetValue(_id),
            Text = parsed.GetValue(_text),
            Path = parsed.GetValue(_path),
            Reference = parsed.GetValue(_reference),
        }),
    };

    private CorpusTask Task(ParseResult parsed, string model) => parsed.GetRequiredValue(_task) switch
    {
        Transcribe => new TranscribeTask(model) { Words = parsed.GetValue(_words), LongRecordings = Models.LongRecordings(parsed), Windows = Models.Windows(parsed) },
        Classify => new ClassifyTask(model) { Options = new ClassificationOptions { LongTexts = Models.LongTexts(parsed) }, ImageSize = Models.ImageSize(parsed) },
        Memes => new ScoreMemesTask(model) { Languages = parsed.GetRequiredValue(_languages) },
        _ => new EmbedTask(model)
        {
            Options = Models.EmbeddingOptions(parsed, _layer, _pool) with { Normalize = parsed.GetValue(_normalize) ? true : null },
            ImageSize = Models.ImageSize(parsed),
        },
    };

    /// <summary>The bundled model for the first input whose name tells its kind.</summary>
    private static string Bundled(string task, string[] paths, string? list)
    {
        IReadOnlyDictionary<Modality, string> models = task switch
        {
            Transcribe => ModelArguments.Transcription,
            Classify => ModelArguments.Classification,
            Memes => throw new UsageException("--task memes needs a meme model: give it with --model"),
            _ => ModelArguments.Embedding,
        };
        Modality kind = models.Count == 1 ? models.Keys.Single()
            : paths.SelectMany(Names).Concat(list is null ? [] : Cli.Files.ReadList(list)).Select(KindOf).FirstOrDefault(kind => kind is { } known && models.ContainsKey(known))
                ?? throw new UsageException("--model: the names of the inputs do not tell which kind of model they need; give one");
        return Cli.Files.Bundled(models[kind]);

        static IEnumerable<string> Names(string path) => Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }) : [path];

        static Modality? KindOf(string path) =>
            FolderFiles.IsText(path) || Path.GetExtension(path).ToLowerInvariant() is ".jsonl" or ".ndjson" or ".csv" or ".tsv" or ".parquet" ? Modality.Text
            : FolderFiles.IsRecording(path) ? Modality.Speech
            : FolderFiles.IsImage(path) ? Modality.Vision
            : null;
    }
}
