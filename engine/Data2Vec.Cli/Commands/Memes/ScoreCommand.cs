using Data2Vec.Memes;
using Data2Vec.Memes.Evaluation;
using Data2Vec.Memes.Explanation;
using Data2Vec.Memes.Features;

namespace Data2Vec.Cli;

/// <summary><c>data2vec memes score</c>: scores images.</summary>
internal static class ScoreCommand
{
    private static readonly InputKinds s_images = new([Modality.Vision], inputs => $"memes are images, not {inputs}");

    /// <summary>The option that names a meme model.</summary>
    public static Option<string> Model() => new("--model") { Description = "A meme model (.d2v), see memes train", HelpName = "MODEL", Required = true };

    /// <summary>The option for the lowest score that is flagged.</summary>
    public static Option<float> Threshold() => new Option<float>("--threshold") { Description = "The lowest score that is flagged; memes evaluate finds one", DefaultValueFactory = _ => Metrics.Threshold, HelpName = "T" }
        .Check(value => float.TryParse(value, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number), _ => "--threshold must be a number");

    public static Command Create()
    {
        var images = new Argument<string[]>("IMAGE") { Description = "Images, or folders with them; their text comes from the file IMAGE.ocr if it exists, otherwise from Tesseract", Arity = ArgumentArity.ZeroOrMore };
        images.Validators.Add(InputArguments.RefuseOptions);
        var command = new Command("score", "Score images: near 1 for the positive class, near 0 for others") { images };
        Option<string> model = Model();
        var list = new Option<string?>("--list") { Description = "A text file with more images, one path per line; - for the standard input", HelpName = "FILE" };
        var recursive = new Option<bool>("--recursive", "-r") { Description = "Also take the images in the folders of a folder" };
        var text = new Option<string?>("--text") { Description = "The text in the image; needs a single image", HelpName = "TEXT" };
        Option<float> threshold = Threshold();
        Option<string> format = new Option<string>("--format") { Description = "The format of the results", DefaultValueFactory = _ => "tsv" }.AcceptOnlyFromAmong("tsv", "csv", "jsonl");
        var json = new Option<bool>("--json") { Description = "The same as --format jsonl: one JSON object per line, with the words and their places, and the effects of --explain" };
        Option<string?> explain = new Option<string?>("--explain") { Description = "Also draw what raises the score (red) and what lowers it (blue); needs a single image", HelpName = "FILE.png" }
            .Check(path => OptionFactory.HasExtension(path, ".png"), _ => "--explain must name a file that ends in .png");
        command.Add(model, list, recursive, text, threshold, format, json, explain);
        ReadingArguments reading = ReadingArguments.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(images)?.Tokens is not { Count: > 0 } && result.GetResult(list) is null)
            {
                result.AddError("no images: give files, folders or --list");
            }
        });
        command.SetAction(parsed =>
        {
            string[] given = [.. parsed.GetValue(images) ?? [], .. parsed.GetValue(list) is { } more ? Files.ReadList(more) : []];
            string file = Files.RequireFile(parsed.GetRequiredValue(model));
            string[] paths = [.. given.SelectMany(path => Directory.Exists(path) ? InFolder(parsed, path, parsed.GetValue(recursive), reading) : [path])];
            string? caption = parsed.GetValue(text), picture = parsed.GetValue(explain);
            if ((caption ?? picture) is not null && paths.Length > 1)
            {
                throw new UsageException($"{(caption is null ? "--explain" : "--text")} takes one image, not {paths.Length}");
            }

            Files.RequireOutput(picture, [file, .. paths]);
            Meme WithText(Meme meme) => caption is null ? meme : meme with { Text = caption };
            TextWriter output = parsed.InvocationConfiguration.Output;
            var lines = new ScoreLines(parsed.GetValue(json) ? "jsonl" : parsed.GetRequiredValue(format), parsed.GetValue(threshold));
            return reading.Run(parsed, options => MemeClassifier.Load(file, options), classifier =>
            {
                if (lines.Header is { } header)
                {
                    output.WriteLine(header);
                }

                foreach ((string path, Meme meme, MemeScore score) in MemeBatches.Run(
                    paths, memes => classifier.Score([.. memes.Select(WithText)]), (path, problem) => reading.Skip(parsed, path, problem), reading.Limits(parsed)))
                {
                    MemeExplanation? explanation = picture is null ? null : MemeExplainer.Explain(classifier, WithText(meme));
                    output.WriteLine(lines.Format(path, score, explanation));
                    output.Flush();
                    if (explanation is not null)
                    {
                        Files.WriteWhole(picture!, stream => stream.Write(ExplanationPicture.Draw(meme.Image, explanation, parsed.GetValue(threshold))));
                    }
                }

                return reading.Finish(parsed, paths);
            });
        });
        return command;
    }

    /// <summary>The images in a folder. The files with their texts, and other files, are left out.</summary>
    private static IEnumerable<string> InFolder(ParseResult parsed, string folder, bool recursive, ReadingArguments reading)
    {
        try
        {
            return InputFolder.Find(folder, recursive, s_images, reading.Bad(parsed)).Where(path => !OptionFactory.HasExtension(path, ".npy"));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            reading.Skip(parsed, folder, problem);
            return [];
        }
    }
}
