using System.Text.Json.Nodes;
using Data2Vec.Memes;
using Data2Vec.Memes.Explanation;
using Data2Vec.Memes.Features;

namespace Data2Vec.Cli;

/// <summary><c>data2vec memes score</c>: scores images.</summary>
internal static class ScoreCommand
{
    /// <summary>The option that names a meme model.</summary>
    public static Option<string> Model() => new("--model") { Description = "A meme model (.d2v), see memes train", HelpName = "MODEL", Required = true };

    public static Command Create()
    {
        var images = new Argument<string[]>("IMAGE") { Description = "Images; their text comes from the file IMAGE.ocr if it exists, otherwise from Tesseract", Arity = ArgumentArity.OneOrMore };
        var command = new Command("score", "Score images: near 1 for the positive class, near 0 for others") { images };
        Option<string> model = Model();
        var text = new Option<string?>("--text") { Description = "The text in the image; needs a single image", HelpName = "TEXT" };
        var json = new Option<bool>("--json") { Description = "Write one JSON object per line, with the words and their places, and the effects of --explain" };
        Option<string?> explain = new Option<string?>("--explain") { Description = "Also draw what raises the score (red) and what lowers it (blue); needs a single image", HelpName = "FILE.png" }
            .Check(path => OptionFactory.HasExtension(path, ".png"), _ => "--explain must name a file that ends in .png");
        command.Add(model, text, json, explain);
        ReadingArguments reading = ReadingArguments.AddTo(command);
        command.SetAction(parsed =>
        {
            string[] paths = parsed.GetRequiredValue(images);
            string? given = parsed.GetValue(text), picture = parsed.GetValue(explain);
            if ((given ?? picture) is not null && paths.Length > 1)
            {
                throw new UsageException($"{(given is null ? "--explain" : "--text")} takes one image, not {paths.Length}");
            }

            string file = Files.RequireFile(parsed.GetRequiredValue(model));
            Files.RequireOutput(picture, [file, .. paths]);
            Meme WithText(Meme meme) => given is null ? meme : meme with { Text = given };
            bool asJson = parsed.GetValue(json);
            TextWriter output = parsed.InvocationConfiguration.Output;
            return reading.Run(parsed, options => MemeClassifier.Load(file, options), classifier =>
            {
                if (!asJson)
                {
                    output.WriteLine("image\tscore\tprobability\tflagged\ttext");
                }

                foreach ((string path, Meme meme, MemeScore score) in MemeBatches.Run(
                    paths, memes => classifier.Score([.. memes.Select(WithText)]), (path, problem) => reading.Skip(path, problem, parsed.InvocationConfiguration.Error)))
                {
                    MemeExplanation? explanation = picture is null ? null : MemeExplainer.Explain(classifier, WithText(meme));
                    output.WriteLine(asJson ? Json(path, score, explanation) : Line(path, score));
                    if (explanation is not null)
                    {
                        Files.WriteWhole(picture!, stream => stream.Write(ExplanationPicture.Draw(meme.Image, explanation)));
                    }
                }

                return reading.Finish(parsed, paths);
            });
        });
        return command;
    }

    private static string Line(string path, MemeScore score) => string.Create(
        CultureInfo.InvariantCulture, $"{TerminalText.OneLine(path)}\t{score.Score:0.0000}\t{score.Probability:0.0000}\t{(score.IsFlagged ? "yes" : "no")}\t{TerminalText.OneLine(score.Text)}");

    private static string Json(string path, MemeScore score, MemeExplanation? explanation)
    {
        var json = new JsonObject
        {
            ["image"] = path,
            ["score"] = score.Score,
            ["probability"] = score.Probability,
            ["flagged"] = score.IsFlagged,
            ["text"] = score.Text,
            ["words"] = new JsonArray([.. score.Words.Select(word => new JsonObject { ["text"] = word.Text, ["confidence"] = word.Confidence, ["box"] = Box(word.Box) })]),
        };
        if (explanation is not null)
        {
            json["word_effects"] = new JsonArray([.. explanation.Words.Select(word => new JsonObject { ["text"] = word.Text, ["box"] = Box(word.Box), ["effect"] = word.Effect })]);
            json["region_effects"] = new JsonArray([.. explanation.Regions.Select(region => new JsonObject { ["box"] = Box(region.Box), ["effect"] = region.Effect })]);
        }

        return json.ToJsonString(TerminalText.Json);
    }

    private static JsonArray? Box(Box? box) => box is { } b ? new JsonArray(b.X, b.Y, b.Width, b.Height) : null;
}
