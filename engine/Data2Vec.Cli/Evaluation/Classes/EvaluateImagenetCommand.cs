using System.Text.Json.Nodes;
using Data2Vec.Training.Data;
using Data2Vec.Training.Probing;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary><c>data2vec evaluate imagenet</c>: top-1 and top-5 accuracy of a classifier of images.</summary>
internal static class EvaluateImagenetCommand
{
    private const string Bundled = "image-cifar10.d2v";

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "A folder with a folder for each class, ImageNet's ids or the model's labels; a list with a path and a class in each line; or with --synsets ImageNet's validation images in one folder", Required = true, HelpName = "PATH" };
        var synsets = new Option<string?>("--synsets") { Description = "The classes of the validation images: an id in each line, in the order of the images' numbers, or after the image's name", HelpName = "FILE" };
        var model = new Option<string?>("--model") { Description = $"The classifier; default: {Bundled} in the program's models folder", HelpName = "MODEL" };
        var labels = new Option<string?>("--labels") { Description = "The names of the model's outputs in their order: between commas, or a file with one in each line", HelpName = "NAMES|FILE" };
        Option<int?> resize = new Option<int?>("--resize") { Description = "The shorter side in pixels before the centre is cut out; default: as the recipe or the model file says", HelpName = "N" }.Range(1, ImagePreprocessing.MaxSize);
        Option<long?> pixels = OptionFactory.MaxPixels();
        var command = new Command("imagenet", "Measure a classifier of images: ImageNet, or any folder of classes") { data, synsets, model, labels, resize, pixels };
        EvaluationArguments arguments = EvaluationArguments.AddTo(command, hasRecipes: true);
        command.SetCancellableAction((parsed, cancellation) =>
        {
            string source = Files.RequireFileOrFolder(parsed.GetRequiredValue(data));
            string? list = parsed.GetValue(synsets) is { } file ? Files.RequireFile(file) : null;
            if (list is not null && !Directory.Exists(source))
            {
                throw new UsageException($"{source}: a file; --synsets is for a folder of images");
            }

            arguments.RequireOutputs(parsed, source, list);
            EvaluationRecipe? recipe = arguments.Recipe(parsed);
            BadInputs bad = arguments.Bad(parsed);
            using Device device = arguments.Open(parsed);
            using var loaded = EvaluatedModel<VisionModel>.Load(parsed.GetValue(model) ?? Files.Bundled(Bundled), device);
            if (loaded.Model.Labels is null)
            {
                throw new InvalidDataException($"{loaded.Given}: the model has no classification head");
            }

            if (recipe?.DifferenceFrom(loaded.Model, loaded.Given) is { } difference)
            {
                bad.Warn(difference);
            }

            ImagePreprocessing preprocessing = Preprocessing(loaded.Model, recipe, parsed.GetValue(resize), bad);
            var options = new ImageOptions
            {
                Prepare = (image, _) => preprocessing.Apply(image),
                Limits = OptionFactory.ParseLimits(parsed.GetValue(pixels)),
                Strict = arguments.IsStrict(parsed),
            };
            var classes = new ImageClasses(loaded.Given, LabelOrder.Names(loaded.Model.Labels, parsed.GetValue(labels), loaded.Given), options);
            LabelledImageData images = list is null ? classes.Open(source) : classes.Open(source, list);
            foreach (SkippedItem item in images.Skipped.Where(item => item.IsBad))
            {
                bad.Report(item.Name, new InvalidDataException(item.Reason));
            }

            using ResultFile results = arguments.Results(
                parsed,
                new JsonObject { ["model"] = loaded.Digest(), ["data"] = EvaluationArguments.Describe(images), ["files"] = EvaluationArguments.Describe(Enumerable.Range(0, images.Count).Select(item => (images.Name(item), images.Name(item)))), ["preprocessing"] = preprocessing.ToJson() },
                bad);
            List<ClassAnswer> answers = [];
            arguments.Show(parsed, "Classifying", progress =>
                answers = ClassAnswers.Run(loaded.Model, images, Path.EndsInDirectorySeparator(source) ? source : source + Path.DirectorySeparatorChar, results, bad, progress, cancellation));
            int[] right = [.. answers.Select(answer => images.Target(answer.Item))];
            var quality = new ClassificationQuality([.. answers.Select(answer => answer.Outputs[0])], right, loaded.Model.Labels.Count);
            var report = new EvaluationReport("Images") { Source = recipe?.Source };
            report.Facts.AddRange(
            [
                ("model", loaded.Given), ("data", source), ("images", answers.Count.ToString(CultureInfo.InvariantCulture)),
                ("classes", right.Distinct().Count().ToString(CultureInfo.InvariantCulture)), ("preprocessing", preprocessing.ToJson().ToJsonString(TerminalText.Json)),
            ]);
            report.Figures.Add(Figure("top-1 %", quality.Accuracy));
            report.Figures.Add(Figure("top-5 %", answers.Zip(right).Count(pair => pair.First.Outputs.Contains(pair.Second)) / (double)right.Length));
            ClassReport.AddConfusions(report, quality, images.Classes, arguments.HasPictures(parsed));
            return arguments.Finish(parsed, report, bad);

            Figure Figure(string name, double share) => new(name, 100 * share, "0.00", recipe?.Published(name));
        });
        return command;
    }

    /// <summary>How images are prepared: as the recipe says if the model takes images of its size, otherwise as the model's file says.</summary>
    private static ImagePreprocessing Preprocessing(VisionModel model, EvaluationRecipe? recipe, int? resize, BadInputs bad)
    {
        ImagePreprocessing own = model.Preprocessing, chosen = recipe?.Preprocessing() ?? own;
        if (chosen.CropSize != own.CropSize)
        {
            bad.Warn($"the recipe prepares images of {chosen.CropSize} pixels, and the model takes {own.CropSize}; they are prepared as the model file says");
            chosen = own;
        }

        return resize is not { } side ? chosen
            : new ImagePreprocessing(ResizeMode.ShorterSide, side, chosen.CropSize, chosen.Mean, chosen.StandardDeviation, chosen.Interpolation, chosen.Channels);
    }
}
