using System.CommandLine.Parsing;

namespace Data2Vec.Cli;

/// <summary>The arguments and options that name a model's inputs, and say what is done with bad ones.</summary>
internal sealed class InputArguments
{
    private readonly Argument<string[]> _files;
    private readonly Option<string[]> _texts = new("--text") { Description = "A text; repeatable", HelpName = "TEXT" };
    private readonly Option<string[]> _tokens = new("--tokens") { Description = "A text as token ids, such as \"0 31414 2\"; repeatable", HelpName = "IDS" };
    private readonly Option<bool> _pair = new("--pair") { Description = "Each text, or line of a file of texts, is two texts with a tab between them, which the model reads together" };
    private readonly Option<string?> _list = new("--list") { Description = "A text file with more inputs, one path per line; - for the standard input", HelpName = "FILE" };
    private readonly Option<bool> _recursive = new("--recursive", "-r") { Description = "Also take the inputs in the folders of a folder" };
    private readonly Option<bool> _strict = new("--strict") { Description = "Stop at the first bad input" };
    private readonly Option<long?> _pixels = OptionFactory.MaxPixels();
    private readonly Option<int> _samples = OptionFactory.MaxSamples();

    private InputArguments(string description)
    {
        _files = new Argument<string[]>("INPUT") { Description = description, Arity = ArgumentArity.ZeroOrMore };
        _files.Validators.Add(RefuseOptions);
    }

    /// <summary>Adds the arguments to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="description">What the inputs are for.</param>
    /// <param name="modalities">The kinds of inputs that the command takes.</param>
    /// <remarks>Where texts are inputs, pairs of texts are too.</remarks>
    public static InputArguments AddTo(Command command, string description, params Modality[] modalities)
    {
        var kinds = new InputKinds(modalities, inputs => inputs);
        var arguments = new InputArguments($"{description}: {kinds}; folders with them; - for the standard input");
        command.Add(arguments._files);
        command.Add(arguments._list, arguments._recursive, arguments._strict);
        if (kinds.Take(Modality.Text))
        {
            command.Add(arguments._texts, arguments._tokens, arguments._pair);
        }

        if (kinds.Take(Modality.Vision))
        {
            command.Add(arguments._pixels);
        }

        if (kinds.Take(Modality.Speech))
        {
            command.Add(arguments._samples);
        }

        command.Validators.Add(result =>
        {
            if (new Symbol[] { arguments._files, arguments._texts, arguments._tokens, arguments._list }.All(symbol => result.Children.All(child => !Names(child, symbol))))
            {
                result.AddError(kinds.Take(Modality.Text) ? "no inputs: give files, --text or --tokens" : "no inputs: give files");
            }
        });
        return arguments;

        static bool Names(SymbolResult result, Symbol symbol) => result.Tokens.Count > 0
            && (result is ArgumentResult argument ? argument.Argument == symbol : result is OptionResult option && option.Option == symbol);
    }

    /// <summary>The input files and folders on the command line.</summary>
    public IReadOnlyList<string> Paths(ParseResult parsed) => parsed.GetValue(_files) ?? [];

    /// <summary>The bad inputs of the command.</summary>
    public BadInputs BadInputs(ParseResult parsed) => new(parsed.InvocationConfiguration.Error, parsed.GetValue(_strict));

    /// <summary>The reader of the inputs.</summary>
    public InputReader Reader(ParseResult parsed, InputKinds kinds, BadInputs bad, bool together, CancellationToken cancellation) =>
        new(kinds, OptionFactory.ParseLimits(parsed.GetValue(_pixels)), parsed.GetValue(_samples), bad.Warn, together, parsed.GetValue(_pair), cancellation);

    /// <summary>All inputs: files and those in folders, then those of the list, then texts, then token ids.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="kinds">The kinds of inputs that the models take.</param>
    /// <param name="bad">Receives folders without inputs.</param>
    /// <param name="output">The file that the command writes, which must not be an input.</param>
    /// <param name="together">Whether several texts go through the model as one batch.</param>
    /// <param name="cancellation">Cancelled by Ctrl+C.</param>
    public IReadOnlyList<InputSource> Sources(ParseResult parsed, InputKinds kinds, BadInputs bad, string? output, bool together, CancellationToken cancellation)
    {
        InputReader reader = Reader(parsed, kinds, bad, together, cancellation);
        string? list = parsed.GetValue(_list);
        string[] paths = [.. Paths(parsed), .. list is null ? [] : Files.ReadList(list)];
        InputSource[] sources =
        [
            .. paths.SelectMany(path => Directory.Exists(path) ? bad.Try(path, () => InputFolder.Find(path, parsed.GetValue(_recursive), kinds, bad)) ?? [] : [path])
                .Select(reader.Source),
            .. reader.Texts(parsed.GetValue(_texts) ?? []),
            .. (parsed.GetValue(_tokens) ?? []).Select(InputReader.Tokens),
        ];
        if (output is not null)
        {
            Files.RequireOther(output, [list, .. sources.Select(source => source.Name)]);
        }

        return sources.Length > 0 || bad.Count > 0 ? sources : throw new UsageException($"{list}: no inputs in this list");
    }

    /// <summary>Rejects misspelled options, which would otherwise count as files.</summary>
    public static void RefuseOptions(ArgumentResult result)
    {
        foreach (string unknown in result.Tokens.Select(token => token.Value).Where(value => value.StartsWith('-') && value != "-"))
        {
            result.AddError($"{unknown}: no such option (for a file of that name write ./{unknown})");
        }
    }
}
