using System.CommandLine;
using Data2Vec.Kernels;
using Data2Vec.Memes;
using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;

namespace Data2Vec.Cli.Commands.Memes;

/// <summary>The options of all commands that read memes: the language of their texts, the device, and what becomes of bad images.</summary>
internal sealed class ReadingArguments
{
    private readonly Option<string> _languages = new("--languages") { Description = "The languages of texts that are read in images, as Tesseract calls them", DefaultValueFactory = _ => "eng", HelpName = "eng+deu" };
    private readonly Option<bool> _strict = new("--strict") { Description = "End with exit code 1 where an image could not be read" };
    private readonly DeviceArguments _device = new();
    private readonly HashSet<string> _skipped = new(StringComparer.Ordinal);

    public static ReadingArguments AddTo(Command command)
    {
        var arguments = new ReadingArguments();
        command.Add(arguments._languages);
        command.Add(arguments._strict);
        arguments._device.AddTo(command);
        return arguments;
    }

    /// <summary>Loads what needs a device and a recognizer, and hands it over to work, which tells the exit code.</summary>
    public int Run<T>(ParseResult parsed, Func<MemeOptions, T> load, Func<T, int> work)
        where T : IDisposable
    {
        TextWriter error = parsed.InvocationConfiguration.Error;
        ITextRecognizer recognizer = Recognizer(parsed.GetRequiredValue(_languages));
        using IDisposable? readers = recognizer as IDisposable;
        (Backend device, Func<Backend>? fallback) = _device.Open(parsed);
        using IDisposable? held = device as IDisposable;
        var options = new MemeOptions { TextRecognizer = recognizer, Backend = device };
        T loaded;
        try
        {
            loaded = load(options);
        }
        catch (Exception problem) when (fallback is not null && Devices.IsAtFault(problem))
        {
            Devices.TellFallback(problem, error);
            loaded = load(options with { Backend = fallback() });
        }

        using (loaded)
        {
            return work(loaded);
        }
    }

    /// <summary>Says that an image is left out, and why; once for each.</summary>
    public void Skip(string path, Exception problem, TextWriter error)
    {
        if (!_skipped.Add(path))
        {
            return;
        }

        // Some messages name the file, with or without its folder.
        string message = problem is FileNotFoundException or DirectoryNotFoundException ? "no such file" : problem.Message;
        string? named = new[] { path, Path.GetFileName(path) }.FirstOrDefault(name => message.StartsWith($"{name}: ", StringComparison.Ordinal));
        error.WriteLine($"data2vec: {Text.OneLine($"{path}: {message[(named is null ? 0 : named.Length + 2)..]}")}; skipped");
    }

    /// <summary>Says how many images were left out.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="count">How many images there were.</param>
    /// <returns>The exit code.</returns>
    public int Finish(ParseResult parsed, int count)
    {
        if (_skipped.Count > 0)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"data2vec: {_skipped.Count} of {count} images skipped");
        }

        return _skipped.Count > 0 && (parsed.GetValue(_strict) || _skipped.Count == count) ? 1 : 0;
    }

    private static ITextRecognizer Recognizer(string languages)
    {
        try
        {
            return new TesseractRecognizer(new OcrOptions { Languages = languages });
        }
        catch (NotSupportedException problem)
        {
            return new Missing(problem.Message);
        }
        catch (ArgumentException problem)
        {
            throw new UsageException($"--languages: {problem.Message.Split(" (Parameter ")[0]}");
        }
    }

    /// <summary>Stands in where nothing can read: of use while all texts are given.</summary>
    private sealed class Missing(string reason) : ITextRecognizer
    {
        public string Description => "none";

        public IReadOnlyList<RecognizedWord> Recognize(RgbImage image) => throw new NotSupportedException(reason);
    }
}
