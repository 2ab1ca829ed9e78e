using Data2Vec.Memes;
using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli;

/// <summary>The options of all commands that read memes: the languages of their texts, the device, and the treatment of bad images.</summary>
internal sealed class ReadingArguments
{
    private readonly Option<string> _languages = new("--languages") { Description = "Tesseract's names of the languages in the images", DefaultValueFactory = _ => "eng", HelpName = "eng+deu" };
    private readonly Option<bool> _strict = new("--strict") { Description = "Stop at the first image that cannot be read" };
    private readonly Option<long?> _pixels = OptionFactory.MaxPixels();
    private readonly DeviceArguments _device = new();
    private readonly HashSet<string> _skipped = new(StringComparer.Ordinal);

    public static ReadingArguments AddTo(Command command)
    {
        var arguments = new ReadingArguments();
        command.Add(arguments._languages, arguments._strict, arguments._pixels);
        arguments._device.AddTo(command);
        return arguments;
    }

    /// <summary>Opens the device and the text recognizer, loads a model, and runs work with it.</summary>
    /// <returns>The exit code of the work.</returns>
    public int Run<T>(ParseResult parsed, Func<MemeOptions, T> load, Func<T, int> work)
        where T : IDisposable
    {
        ITextRecognizer recognizer = Recognizer(parsed.GetRequiredValue(_languages));
        using IDisposable? readers = recognizer as IDisposable;
        using Device device = _device.Open(parsed);
        using T loaded = device.Load(backend => load(new MemeOptions { TextRecognizer = recognizer, Backend = backend }));
        return work(loaded);
    }

    /// <summary>The limits for images.</summary>
    public ImageLimits Limits(ParseResult parsed) => OptionFactory.ParseLimits(parsed.GetValue(_pixels));

    /// <summary>The bad inputs of the command.</summary>
    public BadInputs Bad(ParseResult parsed) => new(parsed.InvocationConfiguration.Error, parsed.GetValue(_strict));

    /// <summary>Reports a bad image and the reason, once per image. In strict mode this ends the command.</summary>
    public void Skip(ParseResult parsed, string path, Exception problem)
    {
        if (_skipped.Add(path))
        {
            Bad(parsed).Report(path, problem);
        }
    }

    /// <summary>Reports how many of the images were skipped.</summary>
    /// <returns>The exit code.</returns>
    public int Finish(ParseResult parsed, IEnumerable<string> paths)
    {
        int count = paths.Distinct().Count();
        if (_skipped.Count == 0)
        {
            return 0;
        }

        parsed.InvocationConfiguration.Error.WriteLine($"data2vec: {_skipped.Count} of {count} images skipped");
        return Program.BadInput;
    }

    private static ITextRecognizer Recognizer(string languages)
    {
        try
        {
            return TextRecognizers.Open(languages);
        }
        catch (ArgumentException problem)
        {
            throw new UsageException($"--languages: {TerminalText.WithoutParameter(problem.Message)}");
        }
    }
}
