using Data2Vec.Memes;

namespace Data2Vec.Cli;

/// <summary>The options that choose the encoders of memes.</summary>
internal sealed class EncoderArguments
{
    private readonly Option<string?> _image = new("--image-encoder") { Description = "Any vision model (.d2v); default: image.d2v in the program's models folder", HelpName = "MODEL" };
    private readonly Option<string?> _text = new("--text-encoder") { Description = "Any text model (.d2v); default: text.d2v in the program's models folder", HelpName = "MODEL" };

    public static EncoderArguments AddTo(Command command)
    {
        var arguments = new EncoderArguments();
        command.Add(arguments._image, arguments._text);
        return arguments;
    }

    /// <summary>The model files on the command line.</summary>
    public IEnumerable<string?> Paths(ParseResult parsed) => [parsed.GetValue(_image), parsed.GetValue(_text)];

    public MemeEncoders Load(ParseResult parsed, MemeOptions options) => MemeEncoders.Load(
        Path(parsed.GetValue(_image), "image.d2v"), Path(parsed.GetValue(_text), "text.d2v"), options: options);

    private static string Path(string? given, string bundled) => given is null ? Files.Bundled(bundled) : Files.RequireFile(given);
}
