using System.Text.Json.Nodes;

namespace Data2Vec.Cli;

/// <summary><c>data2vec classify</c>: the most probable labels of images and texts.</summary>
internal static class ClassifyCommand
{
    public static Command Create()
    {
        var command = new Command("classify", "Label images and texts with a model that has a classification head");
        InputArguments inputs = InputArguments.AddTo(command, "Images (JPEG, PNG, WebP, BMP, GIF), .txt files with one text per line, or .npy files that are passed to the model unprocessed");
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Classification);
        Option<int> top = new Option<int>("--top") { Description = "The number of labels to print, most probable first", DefaultValueFactory = _ => 3, HelpName = "N" }.Range(1, int.MaxValue);
        Option<string> format = new Option<string>("--format") { Description = "tsv: lines with input, label and probability; jsonl: one JSON object per input", DefaultValueFactory = _ => "tsv" }
            .AcceptOnlyFromAmong("tsv", "jsonl");
        command.Add(top, format);
        command.SetAction(parsed =>
        {
            IReadOnlyList<InputSource> sources = inputs.Sources(parsed);
            using ModelSet loaded = models.Load(parsed);
            var runner = new ModelRunner(loaded, models.LongTexts(parsed));
            var results = WorkProgress.Show(
                "Classifying", sources.Sum(source => source.Count), parsed.InvocationConfiguration.Error, report => runner.Classify(sources, report));
            bool json = parsed.GetValue(format) == "jsonl";
            foreach ((string input, LabelProbability[] labels) in results)
            {
                LabelProbability[] likeliest = [.. labels.Take(parsed.GetValue(top))];
                foreach (string line in json ? [Json(input, likeliest)] : likeliest.Select(label => Line(input, label)))
                {
                    parsed.InvocationConfiguration.Output.WriteLine(line);
                }
            }
        });
        return command;
    }

    private static string Line(string input, LabelProbability label) =>
        string.Create(CultureInfo.InvariantCulture, $"{TerminalText.OneLine(input)}\t{TerminalText.OneLine(label.Label)}\t{label.Probability:0.0000}");

    private static string Json(string input, LabelProbability[] labels) => new JsonObject
    {
        ["input"] = input,
        ["labels"] = new JsonArray([.. labels.Select(label => new JsonObject { ["label"] = label.Label, ["probability"] = label.Probability })]),
    }.ToJsonString(TerminalText.Json);
}
