using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>Options that several commands share, and the checks of option values.</summary>
internal static class OptionFactory
{
    /// <summary>The number formats of weights.</summary>
    public static readonly string[] Dtypes = ["f32", "f16", "bf16", "i8"];

    /// <summary>The encoder's output as a layer.</summary>
    public const string LastLayer = "last";

    /// <summary>The number format of the weights in a model file.</summary>
    public static Option<string> Dtype() => new Option<string>("--dtype") { Description = "The number format of the weights", DefaultValueFactory = _ => "f32" }
        .AcceptOnlyFromAmong(Dtypes);

    public static string DtypeName(ElementType type) => type.ToString().ToLowerInvariant();

    public static ElementType ParseDtype(string name) => Enum.Parse<ElementType>(name, ignoreCase: true);

    /// <summary>The layer whose hidden states are used, or also all layers.</summary>
    public static Option<string> Layer(bool all)
    {
        string choices = all ? "a number (0 is the input of the first layer), all, or last" : "a number (0 is the input of the first layer), or last";
        return new Option<string>("--layer") { Description = $"The layer: {choices}", DefaultValueFactory = _ => LastLayer, HelpName = all ? "N|all|last" : "N|last" }
            .Check(value => value == LastLayer || (all && value == "all") || ParseLayer(value) is not null, _ => $"--layer must be {choices}");
    }

    /// <summary>The number of a layer; null for the last layer and for all layers.</summary>
    public static int? ParseLayer(string layer) =>
        int.TryParse(layer, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>A layer as the command line names it; null is the encoder's output.</summary>
    public static string LayerName(int? layer) => layer?.ToString(CultureInfo.InvariantCulture) ?? LastLayer;

    /// <summary>A layer in JSON: its number, or the name of the encoder's output.</summary>
    public static JsonNode LayerJson(int? layer) => layer is { } number ? number : LastLayer;

    /// <summary>The pooling of a layer's rows, or also none.</summary>
    public static Option<string?> Pool(bool none)
    {
        string choices = $"mean, cls (the class token of texts and images), max, mean-sqrt-len (the sum by the square root of the number of rows), weighted-mean, last, or several joined by +; pooler (what the model's own head reads){(none ? ", or none" : "")}";
        Option<string?> option = new Option<string?>("--pool", "--pooling") { Description = $"How to pool a layer's rows into one vector: {choices}; default: as the model file says, mostly mean", HelpName = "POOLING" }
            .Check(value => (none && value == "none") || ParsePooling(value) is not (null or Pooling.None), value => $"--pool {value}: unknown pooling; use {choices}");
        return option;
    }

    /// <summary>A pooling; null for the model's, and for one that is not known.</summary>
    public static Pooling? ParsePooling(string? pool)
    {
        if (pool is null or "none")
        {
            return pool is null ? null : Pooling.None;
        }

        Pooling[] parts = [.. pool.Split('+').Select(name => PoolingNames.All.FirstOrDefault(known => known.Option == name)?.Pooling ?? Pooling.None)];
        return parts.Contains(Pooling.None) || (parts.Length > 1 && parts.Contains(Pooling.Pooler)) ? null : parts.Aggregate((all, part) => all | part);
    }

    /// <summary>What is put before each text.</summary>
    public static Option<string?> Prompt(string name, string what) =>
        new(name) { Description = $"The prompt before {what}: the name of one that the model file has, or a text; default: as the model file says, mostly none", HelpName = "NAME|TEXT" };

    /// <summary>The options for a model: a prompt is the model's of that name, or the text itself.</summary>
    public static EmbeddingOptions ForModel(this EmbeddingOptions options, Data2VecModel model) =>
        options.PromptName is { } name && !(model is TextModel text && text.Config.Preparation.Prompts.ContainsKey(name)) ? options with { PromptName = null, Prompt = name } : options;

    /// <summary>The limit for the pixels of an image.</summary>
    public static Option<long?> MaxPixels() => new Option<long?>("--max-pixels") { Description = $"The limit for the pixels of an image; default: {ImageLimits.Default.MaxPixels}", HelpName = "N" }
        .Check(value => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long pixels) && pixels > 0, _ => "--max-pixels must be a whole number of at least 1");

    /// <summary>The limits for images with another number of pixels; null for the default.</summary>
    public static ImageLimits ParseLimits(long? maxPixels) => maxPixels is { } pixels ? ImageLimits.Default with { MaxPixels = pixels } : ImageLimits.Default;

    /// <summary>The limit for the samples of a recording.</summary>
    public static Option<int> MaxSamples() => new Option<int>("--max-samples") { Description = "The limit for the samples of a recording in one channel", DefaultValueFactory = _ => AudioReadOptions.DefaultMaxSamples, HelpName = "N" }
        .Range(1, int.MaxValue);

    /// <summary>A time in seconds.</summary>
    public static Option<double?> Seconds(string name, string description, double least, double most) => new Option<double?>(name) { Description = description, HelpName = "SECONDS" }.Check(
        value => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds >= least && seconds <= most,
        _ => string.Create(CultureInfo.InvariantCulture, $"{name} must be a number of seconds from {least} to {most}"));

    /// <summary>The file of a plot.</summary>
    public static Option<string?> Plot(string description) => new Option<string?>("--plot") { Description = description, HelpName = "FILE.svg|FILE.png" }
        .Check(path => HasExtension(path, ".svg") || HasExtension(path, ".png"), _ => "--plot must name a file that ends in .svg or .png");

    public static bool HasExtension(string path, string extension) => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Adds a check of the option's value, with the message for a bad one.</summary>
    public static Option<T> Check<T>(this Option<T> option, Func<string, bool> isValid, Func<string, string> message)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !isValid(value))
            {
                result.AddError(message(value));
            }
        });
        return option;
    }

    /// <summary>Requires an integer in a range.</summary>
    public static Option<T> Range<T>(this Option<T> option, int minimum, int maximum) => option.Check(
        value => int.TryParse(value, out int number) && number >= minimum && number <= maximum,
        _ => $"{option.Name} must be a whole number {(maximum == int.MaxValue ? $"of at least {minimum}" : $"from {minimum} to {maximum}")}");

    public static void Add(this Command command, params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>Sets an action that Ctrl+C cancels.</summary>
    public static void SetCancellableAction(this Command command, Action<ParseResult, CancellationToken> action) => command.SetCancellableAction((parsed, cancellation) =>
    {
        action(parsed, cancellation);
        return 0;
    });

    /// <summary>Sets an action that Ctrl+C cancels and that returns the exit code.</summary>
    public static void SetCancellableAction(this Command command, Func<ParseResult, CancellationToken, int> action) =>
        command.SetAction((parsed, cancellation) => Task.Run(() => action(parsed, cancellation), cancellation));
}
