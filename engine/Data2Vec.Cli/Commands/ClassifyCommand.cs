using System.Text.Json.Nodes;

namespace Data2Vec.Cli;

/// <summary><c>data2vec classify</c>: the most probable labels of images and texts, or the values that a regression gives them.</summary>
internal static class ClassifyCommand
{
    public static Command Create()
    {
        var command = new Command("classify", "Label images and texts with a model that has a classification head");
        InputArguments inputs = InputArguments.AddTo(command, "What to label", Modality.Vision, Modality.Text);
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Classification);
        Option<int> top = new Option<int>("--top") { Description = "The number of labels to print, most probable first", DefaultValueFactory = _ => 3, HelpName = "N" }.Range(1, int.MaxValue);
        Option<string> format = new Option<string>("--format") { Description = "tsv: lines with input, label and probability, or the value of a regression; jsonl: one JSON object per input", DefaultValueFactory = _ => "tsv" }
            .AcceptOnlyFromAmong("tsv", "jsonl");
        command.Add(top, format);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            var options = new ClassificationOptions { LongTexts = models.LongTexts(parsed) };
            bool json = parsed.GetValue(format) == "jsonl";
            return ResultLines.Run(
                "Classifying",
                parsed,
                inputs,
                models,
                (runner, sources, report, write) => runner.Classify(sources, options, report, result =>
                {
                    LabelProbability[] likeliest = [.. result.Labels.Take(parsed.GetValue(top))];
                    write(json ? [Json(result.Input, likeliest, result.Head)] : likeliest.Select(label => Line(result.Input, label)));
                }),
                cancellation);
        });
        return command;
    }

    private static string Line(string input, LabelProbability label) =>
        string.Create(CultureInfo.InvariantCulture, $"{TerminalText.OneLine(input)}\t{TerminalText.OneLine(label.Label)}\t{label.Probability:0.0000}");

    private static string Json(string input, LabelProbability[] labels, HeadFunction head) => new JsonObject
    {
        ["input"] = input,
        ["labels"] = new JsonArray([.. labels.Select(label => new JsonObject { ["label"] = label.Label, [head == HeadFunction.None ? "value" : "probability"] = label.Probability })]),
    }.ToJsonString(TerminalText.Json);
}
