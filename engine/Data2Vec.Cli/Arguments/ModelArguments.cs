using Data2Vec.Audio;
using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>The options of all commands that run models.</summary>
internal sealed class ModelArguments
{
    /// <summary>The bundled models for embeddings.</summary>
    public static readonly IReadOnlyDictionary<Modality, string> Embedding = new Dictionary<Modality, string>
    {
        [Modality.Speech] = "speech.d2v",
        [Modality.Vision] = "image.d2v",
        [Modality.Text] = "text.d2v",
    };

    /// <summary>The bundled models with a classification head.</summary>
    public static readonly IReadOnlyDictionary<Modality, string> Classification = new Dictionary<Modality, string>
    {
        [Modality.Vision] = "image-cifar10.d2v",
        [Modality.Text] = "text-sentiment.d2v",
    };

    /// <summary>The bundled model of texts.</summary>
    public static readonly IReadOnlyDictionary<Modality, string> Tokens = new Dictionary<Modality, string> { [Modality.Text] = "text.d2v" };

    /// <summary>The bundled model with a CTC head.</summary>
    public static readonly IReadOnlyDictionary<Modality, string> Transcription = new Dictionary<Modality, string> { [Modality.Speech] = "speech-ctc.d2v" };

    /// <summary>The option of what is put before each text.</summary>
    public const string PromptName = "--prompt";

    private readonly IReadOnlyDictionary<Modality, string> _bundled;
    private readonly Option<string[]> _models;
    private readonly DeviceArguments _device = new();
    private readonly Option<int?> _imageSize = new Option<int?>("--image-size") { Description = "The input size of a vision model in pixels, a multiple of its patch size; default: the model's own", HelpName = "N" }.Range(1, int.MaxValue);
    private readonly Option<string?> _long;
    private readonly WindowArguments _windows = new();
    private readonly Option<string?> _prompt = OptionFactory.Prompt(PromptName, "each text");

    private ModelArguments(IReadOnlyDictionary<Modality, string> bundled)
    {
        _bundled = bundled;
        string several = bundled.Count > 1 ? ", one per kind of input" : "";
        _long = Long(bundled);
        _models = new Option<string[]>("--model") { Description = $"The model file (.d2v), or the name of a pulled model{several}; default: {string.Join(", ", bundled.Values)} in the program's models folder", HelpName = "MODEL" };
    }

    public static ModelArguments AddTo(Command command, IReadOnlyDictionary<Modality, string> bundled)
    {
        var arguments = new ModelArguments(bundled);
        command.Add(arguments._models);
        if (bundled.ContainsKey(Modality.Text) || bundled.ContainsKey(Modality.Speech))
        {
            command.Add(arguments._long);
        }

        if (bundled.ContainsKey(Modality.Speech))
        {
            arguments._windows.AddTo(command);
            command.Validators.Add(result =>
            {
                if (result.GetResult(arguments._long) is { Tokens: [{ Value: "whole" }] } && arguments._windows.FirstGiven(result) is { } idle)
                {
                    result.AddError($"{idle} has no effect with --long whole, which does not cut recordings");
                }
            });
        }

        if (bundled.ContainsKey(Modality.Vision))
        {
            command.Add(arguments._imageSize);
        }

        if (bundled == Embedding)
        {
            command.Add(arguments._prompt);
        }

        arguments._device.AddTo(command);
        return arguments;
    }

    /// <summary>The model files on the command line.</summary>
    public IReadOnlyList<string> Paths(ParseResult parsed) => parsed.GetValue(_models) ?? [];

    /// <summary>The treatment of long texts; null for the model's.</summary>
    public LongTextPolicy? LongTexts(ParseResult parsed) => Enum.TryParse(parsed.GetValue(_long), ignoreCase: true, out LongTextPolicy policy) ? policy : null;

    /// <summary>The treatment of long recordings; null for the usual one.</summary>
    public LongRecordingPolicy? LongRecordings(ParseResult parsed) => Enum.TryParse(parsed.GetValue(_long), ignoreCase: true, out LongRecordingPolicy policy) ? policy : null;

    /// <summary>The windows of long recordings; null for the usual ones.</summary>
    public RecordingWindows? Windows(ParseResult parsed) => _windows.Read(parsed, RecordingWindows.Default);

    /// <summary>The windows of sound that comes.</summary>
    public RecordingWindows? LiveWindows(ParseResult parsed) => _windows.Read(parsed, new LiveTranscriptionOptions().Windows);

    /// <summary>The vectors that the command line asks for.</summary>
    public EmbeddingOptions EmbeddingOptions(ParseResult parsed, Option<string> layer, Option<string?> pool) => new()
    {
        Layer = OptionFactory.ParseLayer(parsed.GetRequiredValue(layer)),
        Pooling = OptionFactory.ParsePooling(parsed.GetValue(pool)),
        PromptName = parsed.GetValue(_prompt),
        LongTexts = LongTexts(parsed),
        LongRecordings = LongRecordings(parsed),
        Windows = Windows(parsed),
    };

    /// <summary>The input size of a vision model; null for its own.</summary>
    public int? ImageSize(ParseResult parsed) => parsed.GetValue(_imageSize);

    /// <summary>Opens the device.</summary>
    public Device OpenDevice(ParseResult parsed) => _device.Open(parsed);

    public ModelSet Load(ParseResult parsed) => new(Paths(parsed), _bundled, _device.Open(parsed), parsed.GetValue(_imageSize), LimitedOptions.Of(parsed));

    private static Option<string?> Long(IReadOnlyDictionary<Modality, string> bundled)
    {
        const string Texts = "texts that exceed the model's limit: chunk (average overlapping windows), truncate, or error";
        const string Recordings = "recordings longer than 30 s, or than --window: chunk (overlapping windows), whole (at once), or error";
        bool texts = bundled.ContainsKey(Modality.Text), recordings = bundled.ContainsKey(Modality.Speech);
        string description = texts && recordings
            ? $"What to do with {Texts}; default: as the model file says, mostly chunk. And with {Recordings}; default: chunk"
            : texts ? $"What to do with {Texts}; default: as the model file says, mostly chunk" : $"What to do with {Recordings}; default: chunk";
        return new Option<string?>("--long") { Description = description }
            .AcceptOnlyFromAmong([.. ((string[])["chunk", "truncate", "whole", "error"]).Where(name => name switch { "truncate" => texts, "whole" => recordings, _ => true })]);
    }
}

/// <summary>The options that choose a device.</summary>
internal sealed class DeviceArguments
{
    private readonly Option<int?> _threads = new Option<int?>("--threads") { Description = "The number of CPU threads; default: one per core", HelpName = "N" }.Range(1, 1024);
    private readonly Option<string> _device = new Option<string>("--device") { Description = "The device: auto, cpu, cuda, cuda:1, opencl, opencl:1; see data2vec devices", DefaultValueFactory = _ => "auto", HelpName = "DEVICE" }
        .Check(Devices.IsName, value => $"--device {value}: unknown device name; use auto, cpu, cuda, cuda:0, opencl or opencl:0");
    private readonly Option<bool> _tf32 = new("--tf32") { Description = "Let f32 models use the tensor cores' tf32 format (11-bit precision) on a GPU that has them: faster, less exact" };

    public void AddTo(Command command) => command.Add(_threads, _device, _tf32);

    /// <summary>The number of CPU threads; null for one per core.</summary>
    public int? Threads(ParseResult parsed) => parsed.GetValue(_threads);

    public Device Open(ParseResult parsed) =>
        Devices.Open(parsed.GetValue(_device)!, parsed.GetValue(_threads) ?? 0, parsed.GetValue(_tf32), parsed.InvocationConfiguration.Error);
}
