using System.CommandLine;
using Data2Vec.Memes;

namespace Data2Vec.Cli.Commands.Memes;

/// <summary>The options that choose encoders.</summary>
internal sealed class EncoderArguments
{
    private readonly Option<string?> _image = new("--image-encoder") { Description = "A model of images (.d2v) of any kind; left out, models/image.d2v beside the program", HelpName = "MODEL" };
    private readonly Option<string?> _text = new("--text-encoder") { Description = "A model of texts (.d2v) of any kind; left out, models/text.d2v beside the program", HelpName = "MODEL" };

    public static EncoderArguments AddTo(Command command)
    {
        var arguments = new EncoderArguments();
        command.Add(arguments._image);
        command.Add(arguments._text);
        return arguments;
    }

    /// <summary>The model files that are given.</summary>
    public IEnumerable<string?> Paths(ParseResult parsed) => [parsed.GetValue(_image), parsed.GetValue(_text)];

    public MemeEncoders Load(ParseResult parsed, MemeOptions options) => MemeEncoders.Load(
        Path(parsed.GetValue(_image), "image.d2v"), Path(parsed.GetValue(_text), "text.d2v"), options: options);

    private static string Path(string? given, string shipped) => given is null ? Files.Shipped(shipped) : Files.RequireFile(given);
}
