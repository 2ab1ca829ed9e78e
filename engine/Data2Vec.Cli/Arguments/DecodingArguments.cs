using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Cli;

/// <summary>The options that say how the outputs of CTC models become text.</summary>
internal sealed class DecodingArguments
{
    public const string Greedy = "greedy", WithLexicon = "lexicon", Open = "open";

    private const string FolderExtension = ".lm";

    private readonly Option<string?> _search = new Option<string?>("--search") { Description = "greedy, lexicon (words of --lexicon), or open (any words); default: by the other options" }
        .AcceptOnlyFromAmong(Greedy, WithLexicon, Open);
    private readonly Option<string?> _model = new("--lm") { Description = "An n-gram language model (ARPA, ARPA.gz, KenLM), or a folder of Hugging Face with alphabet.json and language_model", HelpName = "FILE|FOLDER" };
    private readonly Option<string?> _lexicon = new("--lexicon") { Description = "The possible words, one per line, each with or without a spelling in labels (WORD W O R D |)", HelpName = "FILE" };
    private readonly Option<string?> _words = new("--unigrams") { Description = "For --search open: the known words, one per line; default: those of the language model", HelpName = "FILE" };
    private readonly Option<int?> _beam = new Option<int?>("--beam") { Description = "The number of hypotheses that stay after a frame; default: 50 (lexicon), 100 (open)", HelpName = "N" }.Range(1, 1_000_000);
    private readonly Option<int?> _beamLabels = new Option<int?>("--beam-labels") { Description = "For --search lexicon: the number of labels of a frame with which words go on; default: all", HelpName = "N" }.Range(1, 1_000_000);
    private readonly Option<double?> _threshold = Number("--threshold", "Drop hypotheses this much below the best; default: 50 (lexicon), 10 (open)", 0);
    private readonly Option<double?> _labelThreshold = Number("--label-threshold", "For --search open: the log probability below which labels are left out; default: -5");
    private readonly Option<double?> _weight = Number("--lm-weight", "The weight of the language model; default: 2 (lexicon), 0.5 (open)");
    private readonly Option<double?> _wordScore = Number("--word-score", "What is added for each word; default: -1 (lexicon), 1.5 (open)");
    private readonly Option<double?> _silence = Number("--silence-score", "For --search lexicon: what is added for each frame of the word delimiter; default: 0");
    private readonly Option<double?> _unknown = Number("--unknown-score", "What is added for an unknown word; default: unknown words are impossible (lexicon), -10 (open)");
    private readonly Option<bool> _logAdd = new("--log-add") { Description = "For --search lexicon: add the probabilities of equal hypotheses instead of keeping the better one" };
    private readonly Option<string?> _merge = new Option<string?>("--merge") { Description = "For --search lexicon: which hypotheses are equal, those of the same state of the language model, or of the same words; default: state, and words with --n-best" }
        .AcceptOnlyFromAmong("state", "words");
    private readonly Option<bool> _prune = new("--prune-histories") { Description = "For --search open: keep the best one of hypotheses with the same last words" };
    private readonly Option<string?> _hotWords = new("--hot-words") { Description = "Words that are likely, one per line", HelpName = "FILE" };
    private readonly Option<double?> _hotScore = Number("--hot-word-score", "What is added for each hot word; default: 3 (lexicon), 10 (open)");

    private readonly Option[] _all;

    private DecodingArguments() => _all =
    [
        _search, _model, _lexicon, _words, _beam, _beamLabels, _threshold, _labelThreshold, _weight, _wordScore, _silence, _unknown, _logAdd, _merge, _prune, _hotWords, _hotScore,
    ];

    /// <summary>Adds the options to a command.</summary>
    public static DecodingArguments AddTo(Command command)
    {
        var arguments = new DecodingArguments();
        command.Add(arguments._all);
        command.Validators.Add(result =>
        {
            string? search = result.GetValue(arguments._search);
            string kind = search ?? (result.GetValue(arguments._lexicon) is not null ? WithLexicon : Open);
            Refuse(kind != WithLexicon, "--search lexicon", arguments._lexicon, arguments._beamLabels, arguments._silence, arguments._logAdd, arguments._merge);
            Refuse(kind != Open, "--search open", arguments._words, arguments._labelThreshold, arguments._prune);
            Refuse(kind == Greedy, "--search lexicon and open", arguments._model, arguments._beam, arguments._threshold, arguments._weight, arguments._wordScore, arguments._unknown, arguments._hotWords, arguments._hotScore);
            if (result.GetResult(arguments._hotScore) is { Implicit: false } && result.GetValue(arguments._hotWords) is null)
            {
                result.AddError("--hot-word-score is for --hot-words");
            }

            if (kind == WithLexicon && result.GetValue(arguments._lexicon) is null)
            {
                result.AddError("--search lexicon takes the words of --lexicon FILE");
            }

            void Refuse(bool isRefused, string kinds, params ReadOnlySpan<Option> options)
            {
                foreach (Option option in options)
                {
                    // A lexicon with --search open is refused, because --unigrams may be meant.
                    if (isRefused && result.GetResult(option) is { Implicit: false })
                    {
                        result.AddError($"{option.Name} is an option of {kinds}");
                    }
                }
            }
        });
        return arguments;
    }

    /// <summary>The first of the options that the user gave; null for none.</summary>
    public Option? Given(System.CommandLine.Parsing.CommandResult result) => _all.FirstOrDefault(option => result.GetResult(option) is { Implicit: false });

    /// <summary>The files that the options name.</summary>
    public IReadOnlyList<string> Paths(ParseResult parsed) =>
        [.. new[] { parsed.GetValue(_model), parsed.GetValue(_lexicon), parsed.GetValue(_words), parsed.GetValue(_hotWords) }.OfType<string>()];

    /// <summary>The options that the user gave and the files of the decoder, to tell it from another one.</summary>
    public JsonObject Describe(ParseResult parsed, OpenedDecoder opened)
    {
        var description = new JsonObject();
        foreach (Option option in _all)
        {
            if (parsed.GetResult(option) is { Implicit: false } result)
            {
                description[option.Name.TrimStart('-')] = string.Join(' ', result.Tokens.Select(token => token.Value));
            }
        }

        foreach (string path in Paths(parsed).Concat(opened.Source is { } source ? [source] : []))
        {
            string[] files = Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [path];
            foreach (string file in files.Order(StringComparer.Ordinal))
            {
                description[file] = Digest(file);
            }
        }

        return description;
    }

    // Large language models are told apart by their length, because reading them would take minutes.
    private static string Digest(string path)
    {
        const long Large = 1 << 26;
        using FileStream file = File.OpenRead(path);
        return file.Length > Large ? string.Create(CultureInfo.InvariantCulture, $"{file.Length} bytes") : Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Opens the decoder for a model's outputs.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="labels">The labels of the model.</param>
    /// <param name="modelPath">The model file, whose decoder beside it is used unless the options name another; null for none.</param>
    /// <param name="usual">How a lexicon is searched unless the options say otherwise; null for the defaults.</param>
    /// <param name="texts">The number of texts that are wanted. The most probable labels give only one.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or does not fit. The message names it.</exception>
    /// <exception cref="UsageException">Several texts are wanted without a search.</exception>
    public OpenedDecoder OpenFor(ParseResult parsed, CtcLabels labels, string? modelPath = null, LexiconSearchOptions? usual = null, int texts = 1)
    {
        string? search = parsed.GetValue(_search), lexicon = parsed.GetValue(_lexicon), path = parsed.GetValue(_model);
        if (path is null && lexicon is null && search is null or Open && modelPath is not null && DecodingFolder.Exists(Path.ChangeExtension(modelPath, FolderExtension)))
        {
            path = Path.ChangeExtension(modelPath, FolderExtension);
        }

        bool isGreedy = search == Greedy || (texts == 1 && path is null && !_all.Any(option => parsed.GetResult(option) is { Implicit: false }));
        if (isGreedy)
        {
            if (texts > 1)
            {
                throw new UsageException("--search greedy finds one text; leave it out, or leave out --n-best");
            }

            return new OpenedDecoder(new GreedyCtcDecoder(labels), null, []);
        }

        DecodingFolder? folder = path is not null && Directory.Exists(path) ? DecodingFolder.Read(path) : null;
        if (folder?.LabelCount is { } count && count != labels.Texts.Count)
        {
            throw new InvalidDataException($"{path}: a decoder for {count} labels, and the model has {labels.Texts.Count}");
        }

        Option[] ofModel = lexicon is not null ? [_weight] : [_weight, _wordScore, _unknown, _words];
        if (path is null && ofModel.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } idle)
        {
            throw new UsageException($"{idle.Name} has no effect without a language model; give --lm");
        }

        NGramModel? model = path is null ? null : NGramModel.Open(folder?.ModelPath ?? Files.RequireFile(path));
        try
        {
            OpenedDecoder opened = lexicon is not null ? Lexical(parsed, labels, lexicon, model, usual ?? new LexiconSearchOptions()) : AnyWords(parsed, labels, folder, model);
            return opened with { Source = path };
        }
        catch
        {
            model?.Dispose();
            throw;
        }
    }

    private OpenedDecoder Lexical(ParseResult parsed, CtcLabels labels, string path, NGramModel? model, LexiconSearchOptions defaults)
    {
        Lexicon lexicon = Lexicon.Read(Files.RequireFile(path), labels);
        LexiconSearchOptions options = defaults with
        {
            Beam = parsed.GetValue(_beam) ?? defaults.Beam,
            BeamLabels = parsed.GetValue(_beamLabels) ?? defaults.BeamLabels,
            Threshold = parsed.GetValue(_threshold) ?? defaults.Threshold,
            ModelWeight = parsed.GetValue(_weight) ?? defaults.ModelWeight,
            WordScore = parsed.GetValue(_wordScore) ?? defaults.WordScore,
            SilenceScore = parsed.GetValue(_silence) ?? defaults.SilenceScore,
            UnknownScore = parsed.GetValue(_unknown) ?? defaults.UnknownScore,
            LogAdd = parsed.GetValue(_logAdd) || defaults.LogAdd,
            Merging = parsed.GetValue(_merge) is { } merge ? merge == "words" ? HypothesisMerging.Words : HypothesisMerging.ModelState : defaults.Merging,
            HotWords = HotWords(parsed),
            HotWordScore = parsed.GetValue(_hotScore) ?? defaults.HotWordScore,
        };
        var decoder = Named(path, () => new LexiconCtcDecoder(labels, lexicon, model, options));
        List<string> notes = Unspelled(options.HotWords, labels);
        if (lexicon.Skipped > 0)
        {
            notes.Add($"{path}: {lexicon.Skipped} words were left out: the labels of the model cannot spell them");
        }

        NoteShare(notes, path, decoder.KnownShare);
        return new OpenedDecoder(decoder, model, notes)
        {
            Weights = (options.ModelWeight, options.WordScore),
            Reweighted = (weight, score) => decoder.With(options with { ModelWeight = weight, WordScore = score }),
        };
    }

    private OpenedDecoder AnyWords(ParseResult parsed, CtcLabels labels, DecodingFolder? folder, NGramModel? model)
    {
        OpenSearchOptions defaults = folder?.Options ?? new OpenSearchOptions();
        OpenSearchOptions options = defaults with
        {
            Beam = parsed.GetValue(_beam) ?? defaults.Beam,
            Threshold = parsed.GetValue(_threshold) ?? defaults.Threshold,
            LabelThreshold = parsed.GetValue(_labelThreshold) ?? defaults.LabelThreshold,
            ModelWeight = parsed.GetValue(_weight) ?? defaults.ModelWeight,
            WordScore = parsed.GetValue(_wordScore) ?? defaults.WordScore,
            UnknownScore = parsed.GetValue(_unknown) ?? defaults.UnknownScore,
            PruneHistories = parsed.GetValue(_prune) || defaults.PruneHistories,
            HotWords = HotWords(parsed),
            HotWordScore = parsed.GetValue(_hotScore) ?? defaults.HotWordScore,
        };
        IReadOnlyList<string>? words = parsed.GetValue(_words) is { } path ? DecodingFolder.ReadWords(Files.RequireFile(path))
            : folder is not null && model is not null ? folder.ReadWords(model)
            : model?.ReadWords();
        string? list = parsed.GetValue(_words) ?? folder?.WordsPath;
        var decoder = Named(list ?? "", () => new OpenVocabularyCtcDecoder(labels, model, words, options));
        List<string> notes = Unspelled(options.HotWords, labels);
        NoteShare(notes, list, decoder.KnownShare);
        return new OpenedDecoder(decoder, model, notes)
        {
            Weights = (options.ModelWeight, options.WordScore),
            Reweighted = model is null ? null : (weight, score) => decoder.With(options with { ModelWeight = weight, WordScore = score }),
        };
    }

    private IReadOnlyCollection<string> HotWords(ParseResult parsed) => parsed.GetValue(_hotWords) is { } path
        ? [.. DecodingFolder.ReadWords(Files.RequireFile(path)).SelectMany(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Distinct()]
        : [];

    private static void NoteShare(List<string> notes, string? path, double share)
    {
        if (share < 0.5)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{path}: the language model knows {100 * share:0.#} % of the words"));
        }
    }

    /// <summary>Names hot words that can have no effect.</summary>
    private static List<string> Unspelled(IReadOnlyCollection<string> hotWords, CtcLabels labels)
    {
        var speller = new LabelSpeller(labels);
        string[] words = [.. hotWords.Where(word => speller.Write(word) is null)];
        return words.Length == 0 ? [] : [$"the labels of the model cannot spell {words.Length} of {hotWords.Count} hot words, for example '{words[0]}'"];
    }

    private static T Named<T>(string path, Func<T> create)
    {
        try
        {
            return create();
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException(BadInputs.Named(path, problem.Message), problem);
        }
    }

    private static Option<double?> Number(string name, string description, double least = double.MinValue) => new Option<double?>(name)
    {
        Description = description,
        HelpName = "X",
        CustomParser = result => double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null,
    }
        .Check(
            value => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) && number >= least,
            _ => $"{name} must be a number{(least == double.MinValue ? "" : string.Create(CultureInfo.InvariantCulture, $" of at least {least}"))}");
}

/// <summary>A decoder with the language model that it uses.</summary>
/// <param name="Decoder">The decoder.</param>
/// <param name="Model">The language model, which is closed with it; null for none.</param>
/// <param name="Notes">Remarks for the user.</param>
internal sealed record OpenedDecoder(CtcDecoder Decoder, NGramModel? Model, IReadOnlyList<string> Notes) : IDisposable
{
    /// <summary>The file or folder of the language model; null for none.</summary>
    public string? Source { get; init; }

    /// <summary>The weight of the language model, and the score of a word.</summary>
    public (double ModelWeight, double WordScore) Weights { get; init; }

    /// <summary>Makes the same decoder with other <see cref="Weights"/>; null if it has none.</summary>
    public Func<double, double, CtcDecoder>? Reweighted { get; init; }

    public void Dispose() => Model?.Dispose();
}
