using System.CommandLine;
using Data2Vec.Memes;
using Data2Vec.Memes.Features;
using Data2Vec.Memes.Fusion;

namespace Data2Vec.Cli.Commands.Memes;

/// <summary>The options that name lists of memes, and where their features are kept.</summary>
internal sealed class ListArguments
{
    private readonly Option<string> _hate = new("--hate") { Description = "The list of the memes that are looked for: NAME.train and NAME.valid have an image's path a line", HelpName = "NAME", Required = true };
    private readonly Option<string> _good = new("--good") { Description = "The list of other memes", HelpName = "NAME", Required = true };
    private readonly Option<string?> _images = new("--images") { Description = "The folder that the paths in the lists are relative to; left out, the folder of each list", HelpName = "FOLDER" };
    private readonly Option<string?> _features = new("--features") { Description = "The file where features are kept, so that no image is encoded twice and work that was cut off goes on", HelpName = "FILE" };

    public static ListArguments AddTo(Command command, bool needsFeatures = false)
    {
        var arguments = new ListArguments();
        arguments._features.Required = needsFeatures;
        command.Add(arguments._hate);
        command.Add(arguments._good);
        command.Add(arguments._images);
        command.Add(arguments._features);
        return arguments;
    }

    /// <summary>All files that the options name.</summary>
    public IEnumerable<string?> Paths(ParseResult parsed) => [.. Names(parsed).SelectMany(name => new[] { MemeList.TrainingPath(name), MemeList.ValidationPath(name) }), parsed.GetValue(_features)];

    /// <summary>The images of both lists, for training or validation.</summary>
    public (string[] Hate, string[] Good) Read(ParseResult parsed, Func<string, string> list)
    {
        string? folder = parsed.GetValue(_images);
        string[][] lists = [.. Names(parsed).Select(name => MemeList.Read(Files.RequireFile(list(name)), folder))];
        return (lists[0], lists[1]);
    }

    /// <summary>Encodes images whose features are not there yet.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="encoders">The encoders.</param>
    /// <param name="paths">The images.</param>
    /// <param name="reading">Told of images that cannot be read.</param>
    /// <param name="use">Is handed the features and for each image its key.</param>
    public T Extract<T>(ParseResult parsed, MemeEncoders encoders, IReadOnlyList<string> paths, ReadingArguments reading, Func<FeatureStore, string?[], T> use)
    {
        TextWriter error = parsed.InvocationConfiguration.Error;
        string? kept = parsed.GetValue(_features);
        string file = kept is null ? Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()) : Files.RequireFolderOf(kept);
        try
        {
            using FeatureStore store = FeatureStore.Open(file, encoders);
            string?[] keys = WorkProgress.ShowRate(
                "Encoding", "images", paths.Count, error, report => FeatureExtractor.Extract(encoders, store, paths, (path, problem) => reading.Skip(path, problem, error), report));
            return use(store, keys);
        }
        finally
        {
            if (kept is null)
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>The examples that both lists make.</summary>
    /// <param name="store">The features.</param>
    /// <param name="hate">The keys of those looked for; null for images that cannot be read.</param>
    /// <param name="good">The keys of the others.</param>
    public static Examples Examples(FeatureStore store, IEnumerable<string?> hate, IEnumerable<string?> good)
    {
        (string Key, bool Label)[] all = [.. hate.OfType<string>().Select(key => (key, true)), .. good.OfType<string>().Select(key => (key, false))];
        return all.Length == 0
            ? throw new InvalidDataException("none of the images in the lists can be read")
            : new Examples([.. all.Select(one => (ReadOnlyMemory<float>)store.Read(one.Key))], [.. all.Select(one => one.Label)]);
    }

    private string[] Names(ParseResult parsed) => [parsed.GetRequiredValue(_hate), parsed.GetRequiredValue(_good)];
}
