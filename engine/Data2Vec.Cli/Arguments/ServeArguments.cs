using Data2Vec.ModelFile;
using Data2Vec.Server;

namespace Data2Vec.Cli;

/// <summary>The options of <c>data2vec serve</c>.</summary>
internal sealed class ServeArguments
{
    private static readonly string[] s_bundled = ["text", "text-sentiment", "image", "image-cifar10", "speech", "speech-ctc"];

    private readonly Option<string[]> _models = new("--model") { Description = "A model and the id that requests name, repeatable; default: the small models in the program's models folder", HelpName = "ID=MODEL" };
    private readonly Option<string[]> _urls = new("--url") { Description = "Where the server listens, repeatable; default: http://localhost:8080, or as the configuration says", HelpName = "URL" };
    private readonly Option<string?> _configuration = new("--config") { Description = "A JSON file with the options under Data2Vec, and Kestrel's, such as certificates", HelpName = "FILE" };
    private readonly Option<string?> _keys = new("--keys") { Description = "A file with API keys, one per line; default: everybody may ask", HelpName = "FILE" };
    private readonly Option<double?> _maxWait = OptionFactory.Seconds("--max-wait", "The longest estimated wait of a request; one that would wait longer gets 429; default: 10", 0.001, 3600);
    private readonly Option<long?> _maxBody = Limit("--max-body", "The limit for the bytes of a request");
    private readonly Option<long?> _maxInputs = Limit("--max-inputs", "The limit for the inputs of a request");
    private readonly Option<long?> _maxTokens = Limit("--max-tokens", "The limit for the tokens of a request");
    private readonly Option<long?> _maxPixels = Limit("--max-pixels", "The limit for the pixels of a request");
    private readonly Option<long?> _maxSamples = Limit("--max-samples", "The limit for the samples of a request, counted in one channel");
    private readonly Option<bool> _allowUrls = new("--allow-urls") { Description = "Also read inputs from public URLs" };
    private readonly Option<bool> _noPage = new("--no-ui") { Description = "No page to try the models" };
    private readonly Option<bool> _check = new("--check") { Description = "Load the models, list their ids, and end" };

    private ServeArguments()
    {
    }

    public DeviceArguments Device { get; } = new();

    public static ServeArguments AddTo(Command command)
    {
        var arguments = new ServeArguments();
        command.Add(
            arguments._models, arguments._urls, arguments._configuration, arguments._keys, arguments._maxWait, arguments._maxBody, arguments._maxInputs, arguments._maxTokens, arguments._maxPixels,
            arguments._maxSamples, arguments._allowUrls, arguments._noPage, arguments._check);
        arguments.Device.AddTo(command);
        return arguments;
    }

    public bool IsCheck(ParseResult parsed) => parsed.GetValue(_check);

    public string? Configuration(ParseResult parsed) => parsed.GetValue(_configuration);

    public string[] Urls(ParseResult parsed)
    {
        string[] urls = parsed.GetValue(_urls) ?? [];
        return urls.FirstOrDefault(url => !Uri.TryCreate(url.Replace("//*", "//any", StringComparison.Ordinal).Replace("//+", "//any", StringComparison.Ordinal), UriKind.Absolute, out Uri? address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)) is { } bad
            ? throw new UsageException($"--url {bad}: write it as http://localhost:8080")
            : urls;
    }

    /// <summary>Changes the options of the server by those of the command line.</summary>
    public void Apply(ParseResult parsed, Data2VecServerOptions options, Device device)
    {
        foreach (string given in parsed.GetValue(_models) ?? [])
        {
            (string? id, string path) = Split(given);
            path = ModelName.Resolve(path);
            id ??= PublishedId(path) ?? Path.GetFileNameWithoutExtension(path);
            if (!options.Models.TryAdd(id, new ModelSource { Path = path }))
            {
                throw new UsageException($"--model {given}: '{id}' is there already; give another id");
            }
        }

        if (options.Models.Count == 0)
        {
            foreach (string name in s_bundled)
            {
                options.Models[name] = new ModelSource { Path = Files.Bundled(name + ".d2v") };
            }
        }

        foreach (ModelSource source in options.Models.Values.Where(source => source.Path is not null))
        {
            source.Load = how => device.Load(backend => Data2VecModel.Load(source.Path!, how with { Backend = backend }));
        }

        ServerLimits limits = options.Limits;
        limits.MaxBodyBytes = parsed.GetValue(_maxBody) ?? limits.MaxBodyBytes;
        limits.MaxPixels = parsed.GetValue(_maxPixels) ?? limits.MaxPixels;
        limits.MaxInputs = (int)(parsed.GetValue(_maxInputs) ?? limits.MaxInputs);
        if (parsed.GetValue(_maxTokens) is { } tokens)
        {
            limits.MaxTokens = (int)tokens;
            limits.MaxCharacters = Math.Max(limits.MaxCharacters, (int)Math.Min(int.MaxValue, 8 * tokens));
        }

        limits.MaxSamples = (int)(parsed.GetValue(_maxSamples) ?? limits.MaxSamples);
        options.MaxWait = parsed.GetValue(_maxWait) is { } seconds ? TimeSpan.FromSeconds(seconds) : options.MaxWait;
        options.KeyFile = parsed.GetValue(_keys) is { } keys ? Files.RequireFile(keys) : options.KeyFile;
        options.AllowUrls |= parsed.GetValue(_allowUrls);
        options.Page &= !parsed.GetValue(_noPage);
        options.Threads = Device.Threads(parsed) ?? options.Threads;
        options.StopDelay = IsCheck(parsed) ? TimeSpan.Zero : options.StopDelay;
        options.Backend = device.Backend;
    }

    private static (string? Id, string Path) Split(string given)
    {
        int sign = File.Exists(given) ? -1 : given.IndexOf('=', StringComparison.Ordinal);
        return sign < 0 ? (null, given) : sign > 0 ? (given[..sign], given[(sign + 1)..]) : throw new UsageException($"--model {given}: write it as ID=MODEL");
    }

    private static string? PublishedId(string path)
    {
        using D2vFile file = D2vFile.Open(path, verify: false);
        return file.ModelId;
    }

    private static Option<long?> Limit(string name, string description) => new Option<long?>(name) { Description = description, HelpName = "N" }
        .Check(value => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number is > 0 and <= int.MaxValue, _ => $"{name} must be a whole number from 1 to {int.MaxValue}");
}
