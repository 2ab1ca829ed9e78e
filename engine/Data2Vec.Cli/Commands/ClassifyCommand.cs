using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Data2Vec.Cli.Inputs;

namespace Data2Vec.Cli.Commands;

/// <summary><c>data2vec classify</c>: the likeliest labels of images and texts.</summary>
internal static class ClassifyCommand
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var command = new Command("classify", "Say what images and texts are, by a model with a classification head");
        InputArguments inputs = InputArguments.AddTo(command, "Images (JPEG, PNG, WebP, BMP, GIF), .txt files of a text a line, or .npy files of a model's very input");
        ModelArguments models = ModelArguments.AddTo(command, ModelArguments.Classification);
        var top = new Option<int>("--top") { Description = "How many labels to print, the likeliest first", DefaultValueFactory = _ => 3, HelpName = "N" };
        top.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !(int.TryParse(value, out int count) && count >= 1))
            {
                result.AddError("--top must be a whole number above 0");
            }
        });
        var format = new Option<string>("--format") { Description = "Lines of input, label and probability between tabs, or a JSON object a line", DefaultValueFactory = _ => "tsv" };
        format.AcceptOnlyFromAmong("tsv", "jsonl");
        command.Add(top);
        command.Add(format);
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
                IEnumerable<LabelProbability> likeliest = labels.Take(parsed.GetValue(top));
                if (json)
                {
                    parsed.InvocationConfiguration.Output.WriteLine(Json(input, likeliest));
                }
                else
                {
                    Print(input, likeliest, parsed.InvocationConfiguration.Output);
                }
            }
        });
        return command;
    }

    private static void Print(string input, IEnumerable<LabelProbability> labels, TextWriter output)
    {
        foreach (LabelProbability label in labels)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Text.OneLine(input)}\t{Text.OneLine(label.Label)}\t{label.Probability:0.0000}"));
        }
    }

    private static string Json(string input, IEnumerable<LabelProbability> labels)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, s_json))
        {
            json.WriteStartObject();
            json.WriteString("input", input);
            json.WriteStartArray("labels");
            foreach (LabelProbability label in labels)
            {
                json.WriteStartObject();
                json.WriteString("label", label.Label);
                json.WriteNumber("probability", label.Probability);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length);
    }
}
