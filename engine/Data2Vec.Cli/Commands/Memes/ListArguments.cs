using Data2Vec.Memes;
using Data2Vec.Memes.Features;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Cli;

/// <summary>The options that name lists of memes and the file of their features.</summary>
internal sealed class ListArguments
{
    private readonly Option<string> _hate = new("--hate") { Description = "The positive memes: NAME.train and NAME.valid are lists with one image path per line", HelpName = "NAME", Required = true };
    private readonly Option<string> _good = new("--good") { Description = "The other memes: two lists as well", HelpName = "NAME", Required = true };
    private readonly Option<string?> _images = new("--images") { Description = "The folder for relative paths in the lists; default: the folder of each list", HelpName = "FOLDER" };
    private readonly Option<string?> _features = new("--features") { Description = "The file of encoded features, so that each image is encoded once and interrupted work resumes", HelpName = "FILE" };

    public static ListArguments AddTo(Command command, bool needsFeatures = false)
    {
        var arguments = new ListArguments();
        arguments._features.Required = needsFeatures;
        command.Add(arguments._hate, arguments._good, arguments._images, arguments._features);
        return arguments;
    }

    /// <summary>All files that the options name.</summary>
    public IEnumerable<string?> Paths(ParseResult parsed) =>
        [.. Names(parsed).Select(MemeList.TrainingPath), .. Names(parsed).Select(MemeList.ValidationPath), parsed.GetValue(_features)];

    /// <summary>The images of both lists with their labels, for training or validation.</summary>
    public (string Path, bool Label)[] Read(ParseResult parsed, Func<string, string> list)
    {
        string? folder = parsed.GetValue(_images);
        string[][] lists = [.. Names(parsed).Select(name => MemeList.Read(Files.RequireFile(list(name)), folder))];
        return [.. lists[0].Select(path => (path, true)), .. lists[1].Select(path => (path, false))];
    }

    /// <summary>Encodes the images whose features are not stored yet, reports the images that cannot be read, and uses the features.</summary>
    public T Extract<T>(ParseResult parsed, MemeEncoders encoders, IEnumerable<(string Path, bool Label)> memes, ReadingArguments reading, Func<FeatureStore, T> use)
    {
        TextWriter error = parsed.InvocationConfiguration.Error;
        string? kept = parsed.GetValue(_features);
        string file = kept is null ? Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()) : Files.RequireTarget(kept);
        string[] paths = [.. memes.Select(meme => meme.Path)];
        try
        {
            using FeatureStore store = FeatureStore.Open(file, encoders);
            WorkProgress.ShowRate(
                "Encoding", "images", paths.Length, error, progress => FeatureExtractor.Extract(encoders, store, paths, (path, problem) => reading.Skip(parsed, path, problem), progress, reading.Limits(parsed)));
            return use(store);
        }
        finally
        {
            if (kept is null)
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>The memes with stored features.</summary>
    public static Examples Examples(FeatureStore store, IEnumerable<(string Path, bool Label)> memes)
    {
        (string Key, bool Label)[] stored = [.. memes.Select(meme => (FeatureStore.KeyOf(meme.Path), meme.Label)).Where(meme => store.Contains(meme.Item1))];
        return stored.Length == 0
            ? throw new InvalidDataException("none of the images in the lists can be read")
            : new Examples([.. stored.Select(meme => (ReadOnlyMemory<float>)store.Read(meme.Key))], [.. stored.Select(meme => meme.Label)]);
    }

    private string[] Names(ParseResult parsed) => [parsed.GetRequiredValue(_hate), parsed.GetRequiredValue(_good)];
}

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
