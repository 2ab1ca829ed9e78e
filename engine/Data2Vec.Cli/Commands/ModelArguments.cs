using System.CommandLine;
using Data2Vec.Cli.Inputs;
using Data2Vec.Kernels;
using Data2Vec.Text;

namespace Data2Vec.Cli.Commands;

/// <summary>The options of all commands that run models.</summary>
internal sealed class ModelArguments
{
    /// <summary>The models for vectors that ship with the program.</summary>
    public static readonly IReadOnlyDictionary<InputKind, string> Embedding = new Dictionary<InputKind, string>
    {
        [InputKind.Speech] = "speech.d2v",
        [InputKind.Image] = "image.d2v",
        [InputKind.Text] = "text.d2v",
    };

    /// <summary>The models with a classification head that ship with the program.</summary>
    public static readonly IReadOnlyDictionary<InputKind, string> Classification = new Dictionary<InputKind, string>
    {
        [InputKind.Image] = "image-cifar10.d2v",
        [InputKind.Text] = "text-sentiment.d2v",
    };

    /// <summary>The model with a CTC head that ships with the program.</summary>
    public static readonly IReadOnlyDictionary<InputKind, string> Transcription = new Dictionary<InputKind, string>
    {
        [InputKind.Speech] = "speech-ctc.d2v",
    };

    private readonly IReadOnlyDictionary<InputKind, string> _shipped;
    private readonly Option<string[]> _models;
    private readonly DeviceArguments _device = new();
    private readonly Option<int?> _imageSize = new("--image-size") { Description = "The side of the square of pixels that a vision model sees, a multiple of its patches' side; left out, its own", HelpName = "N" };
    private readonly Option<string> _long = new("--long") { Description = "Texts of more tokens than the model takes: average overlapping windows, keep the beginning, or stop", DefaultValueFactory = _ => "chunk" };

    private ModelArguments(IReadOnlyDictionary<InputKind, string> shipped)
    {
        _shipped = shipped;
        string several = shipped.Count > 1 ? "; one for each kind of input" : "";
        _models = new Option<string[]>("--model")
        {
            Description = $"The model file (.d2v){several}; left out, models/{string.Join(", ", shipped.Values)} beside the program",
            HelpName = "MODEL",
        };
        _long.AcceptOnlyFromAmong("chunk", "truncate", "error");
    }

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="shipped">The models that are taken where none is given.</param>
    public static ModelArguments AddTo(Command command, IReadOnlyDictionary<InputKind, string> shipped)
    {
        var arguments = new ModelArguments(shipped);
        command.Add(arguments._models);
        if (shipped.ContainsKey(InputKind.Text))
        {
            command.Add(arguments._long);
        }

        if (shipped.ContainsKey(InputKind.Image))
        {
            command.Add(arguments._imageSize);
        }

        arguments._device.AddTo(command);
        return arguments;
    }

    /// <summary>The model files that are given.</summary>
    public IReadOnlyList<string> Paths(ParseResult parsed) => parsed.GetValue(_models) ?? [];

    public LongTextPolicy LongTexts(ParseResult parsed) => parsed.GetValue(_long) switch
    {
        "truncate" => LongTextPolicy.Truncate,
        "error" => LongTextPolicy.Error,
        _ => LongTextPolicy.Chunk,
    };

    public ModelSet Load(ParseResult parsed)
    {
        TextWriter error = parsed.InvocationConfiguration.Error;
        (Backend device, Func<Backend>? fallback) = _device.Open(parsed);
        return new ModelSet(Paths(parsed), _shipped, new ModelOptions { Backend = device, ImageSize = parsed.GetValue(_imageSize) }, fallback, error);
    }
}
