using System.Text.Json.Nodes;
using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary><c>data2vec tokenize</c>: the token ids that a model reads.</summary>
internal static class TokenizeCommand
{
    public static Command Create()
    {
        var command = new Command("tokenize", "Show the token ids that a text model reads, for --tokens and for comparisons");
        InputArguments inputs = InputArguments.AddTo(command, "What to tokenize", Modality.Text);
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Tokens);
        Option<string> format = new Option<string>("--format") { Description = "text: a line of ids per model input; jsonl: one JSON object per text", DefaultValueFactory = _ => "text" }
            .AcceptOnlyFromAmong("text", "jsonl");
        command.Add(format);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            var options = new ClassificationOptions { LongTexts = models.LongTexts(parsed) };
            bool json = parsed.GetValue(format) == "jsonl";
            return ResultLines.Run(
                "Tokenizing",
                parsed,
                inputs,
                models,
                (runner, sources, report, write) => runner.Tokenize(sources, options, report, result => write(json ? [Json(result)] : Inputs(result).Select(input => string.Join(' ', input)))),
                cancellation);
        });
        return command;
    }

    /// <summary>The numbers that <c>--tokens</c> takes: ids, with the types of a pair's tokens.</summary>
    private static IEnumerable<IReadOnlyList<int>> Inputs(TokenizedInput result) =>
        result.Types is not { } types ? result.Windows : result.Windows.Select(window => (int[])[.. window.Zip(types, (id, type) => id | (type << TextConfig.TokenTypeShift))]);

    private static string Json(TokenizedInput result)
    {
        var json = new JsonObject { ["input"] = result.Input, ["ids"] = new JsonArray([.. result.Windows.Select(Numbers)]) };
        if (result.Types is not null)
        {
            json["types"] = Numbers(result.Types);
        }

        if (result.IsTruncated)
        {
            json["truncated"] = true;
        }

        return json.ToJsonString(TerminalText.Json);
    }

    private static JsonNode Numbers(IReadOnlyList<int> numbers) => new JsonArray([.. numbers.Select(number => (JsonNode?)number)]);
}
