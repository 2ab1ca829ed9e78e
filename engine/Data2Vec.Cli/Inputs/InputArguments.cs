using System.CommandLine;
using System.CommandLine.Parsing;

namespace Data2Vec.Cli.Inputs;

/// <summary>The arguments and options that say what goes through a model.</summary>
internal sealed class InputArguments
{
    private readonly Argument<string[]> _files;
    private readonly Option<string[]> _texts = new("--text") { Description = "A text; may be given several times", HelpName = "TEXT" };
    private readonly Option<string[]> _tokens = new("--tokens") { Description = "A text as token ids, such as \"0 31414 2\"; may be given several times", HelpName = "IDS" };

    private InputArguments(string description) => _files = new Argument<string[]>("INPUT")
    {
        Description = description,
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>Adds them to a command.</summary>
    public static InputArguments AddTo(Command command, string description)
    {
        var arguments = new InputArguments(description);
        command.Add(arguments._files);
        command.Add(arguments._texts);
        command.Add(arguments._tokens);
        arguments._files.Validators.Add(RefuseOptions);
        command.Validators.Add(result =>
        {
            if (result.GetResult(arguments._files)?.Tokens is not { Count: > 0 } && result.GetResult(arguments._texts) is null && result.GetResult(arguments._tokens) is null)
            {
                result.AddError("nothing to work on: give files, --text or --tokens");
            }
        });
        return arguments;
    }

    /// <summary>Files that are given.</summary>
    public IReadOnlyList<string> Paths(ParseResult parsed) => parsed.GetValue(_files) ?? [];

    /// <summary>All that is given: files, texts, token ids, in this order.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="together">Whether texts may go through the model together.</param>
    public IReadOnlyList<InputSource> Sources(ParseResult parsed, bool together = true) =>
    [
        .. Paths(parsed).SelectMany(path => InputReader.Open(path, together)),
        .. InputReader.Texts(parsed.GetValue(_texts) ?? [], together),
        .. (parsed.GetValue(_tokens) ?? []).Select(InputReader.Tokens),
    ];

    /// <summary>What looks like an option, and is none, is not taken for a file.</summary>
    public static void RefuseOptions(ArgumentResult result)
    {
        foreach (string unknown in result.Tokens.Select(token => token.Value).Where(value => value.StartsWith('-')))
        {
            result.AddError($"{unknown}: no such option (for a file of that name write ./{unknown})");
        }
    }
}
