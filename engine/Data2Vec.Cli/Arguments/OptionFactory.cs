using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>Options that several commands share, and the checks of option values.</summary>
internal static class OptionFactory
{
    /// <summary>The number formats of weights.</summary>
    public static readonly string[] Dtypes = ["f32", "f16", "bf16", "i8"];

    /// <summary>The number format of the weights in a model file.</summary>
    public static Option<string> Dtype() => new Option<string>("--dtype") { Description = "The number format of the weights", DefaultValueFactory = _ => "f32" }
        .AcceptOnlyFromAmong(Dtypes);

    public static string DtypeName(ElementType type) => type.ToString().ToLowerInvariant();

    public static ElementType ParseDtype(string name) => Enum.Parse<ElementType>(name, ignoreCase: true);

    /// <summary>The layer whose hidden states are used, or also all layers.</summary>
    public static Option<string> Layer(bool all)
    {
        string choices = all ? "a number (0 is the input of the first layer), all, or last" : "a number (0 is the input of the first layer), or last";
        return new Option<string>("--layer") { Description = $"The layer: {choices}", DefaultValueFactory = _ => "last", HelpName = all ? "N|all|last" : "N|last" }
            .Check(value => value == "last" || (all && value == "all") || ParseLayer(value) is not null, _ => $"--layer must be {choices}");
    }

    /// <summary>The number of a layer; null for the last layer and for all layers.</summary>
    public static int? ParseLayer(string layer) =>
        int.TryParse(layer, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>The pooling of a layer's rows, or also none.</summary>
    public static Option<string?> Pool(bool none)
    {
        string choices = none ? "mean, cls (the class token of texts and images), pooler (what the model's own head reads), or none" : "mean, cls (the class token of texts and images), or pooler (what the model's own head reads)";
        string[] names = none ? ["mean", "cls", "pooler", "none"] : ["mean", "cls", "pooler"];
        return new Option<string?>("--pool") { Description = $"How to pool a layer's rows into one vector: {choices}; default: as the model file says, mostly mean" }
            .AcceptOnlyFromAmong(names);
    }

    /// <summary>The name of a pooling.</summary>
    public static string PoolingName(Pooling pooling) => pooling switch { Pooling.Class => "cls", Pooling.Pooler => "pooler", Pooling.None => "none", _ => "mean" };

    /// <summary>A pooling; null for the model's.</summary>
    public static Pooling? ParsePooling(string? pool) => pool is null ? null : pool == "cls" ? Pooling.Class : Enum.Parse<Pooling>(pool, ignoreCase: true);

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
