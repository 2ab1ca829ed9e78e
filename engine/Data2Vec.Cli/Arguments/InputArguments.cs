using System.CommandLine.Parsing;

namespace Data2Vec.Cli;

/// <summary>The arguments and options that name a model's inputs.</summary>
internal sealed class InputArguments
{
    private readonly Argument<string[]> _files;
    private readonly Option<string[]> _texts = new("--text") { Description = "A text; repeatable", HelpName = "TEXT" };
    private readonly Option<string[]> _tokens = new("--tokens") { Description = "A text as token ids, such as \"0 31414 2\"; repeatable", HelpName = "IDS" };

    private InputArguments(string description)
    {
        _files = new Argument<string[]>("INPUT") { Description = description, Arity = ArgumentArity.ZeroOrMore };
        _files.Validators.Add(RefuseOptions);
    }

    public static InputArguments AddTo(Command command, string description)
    {
        var arguments = new InputArguments(description);
        command.Add(arguments._files);
        command.Add(arguments._texts, arguments._tokens);
        command.Validators.Add(result =>
        {
            if (result.GetResult(arguments._files)?.Tokens is not { Count: > 0 } && result.GetResult(arguments._texts) is null && result.GetResult(arguments._tokens) is null)
            {
                result.AddError("no inputs: give files, --text or --tokens");
            }
        });
        return arguments;
    }

    /// <summary>The input files.</summary>
    public IReadOnlyList<string> Paths(ParseResult parsed) => parsed.GetValue(_files) ?? [];

    /// <summary>All inputs: files, then texts, then token ids. Together, several texts go through the model as one batch.</summary>
    public IReadOnlyList<InputSource> Sources(ParseResult parsed, bool together = true) =>
    [
        .. Paths(parsed).SelectMany(path => InputReader.Open(path, together)),
        .. InputReader.Texts(parsed.GetValue(_texts) ?? [], together),
        .. (parsed.GetValue(_tokens) ?? []).Select(InputReader.Tokens),
    ];

    /// <summary>Rejects misspelled options, which would otherwise count as files.</summary>
    public static void RefuseOptions(ArgumentResult result)
    {
        foreach (string unknown in result.Tokens.Select(token => token.Value).Where(value => value.StartsWith('-')))
        {
            result.AddError($"{unknown}: no such option (for a file of that name write ./{unknown})");
        }
    }
}
