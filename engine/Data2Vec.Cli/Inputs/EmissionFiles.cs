using Data2Vec.Audio;
using Data2Vec.IO;

namespace Data2Vec.Cli;

/// <summary>Reads the outputs of CTC models from <c>.npy</c> files.</summary>
internal static class EmissionFiles
{
    private const string Extension = ".npy";

    /// <summary>The files on the command line, and those in its folders in the order of their names.</summary>
    public static IReadOnlyList<string> Find(IEnumerable<string> paths, BadInputs bad)
    {
        var found = new List<string>();
        foreach (string path in paths)
        {
            if (!Directory.Exists(path))
            {
                found.Add(path);
                continue;
            }

            string[] files = [.. Directory.EnumerateFiles(path, $"*{Extension}").Order(StringComparer.Ordinal)];
            if (files.Length == 0)
            {
                bad.Report(path, new IOException($"there are no {Extension} files in this folder"));
            }

            found.AddRange(files);
        }

        return found;
    }

    /// <summary>Reads <c>[frames, labels]</c>.</summary>
    /// <exception cref="InvalidDataException">The array has another shape or type.</exception>
    public static float[] Read(string path, CtcLabels labels)
    {
        NpyArray array;
        using (Stream stream = path == "-" ? Console.OpenStandardInput() : Files.OpenRead(path))
        {
            array = NpyFile.Read(stream);
        }

        IReadOnlyList<long> shape = array.Shape.Count == 3 && array.Shape[0] == 1 ? [.. array.Shape.Skip(1)] : array.Shape;
        return shape is not [_, var width] ? throw new InvalidDataException($"an array {array}; emissions are [frames, labels]")
            : width != labels.Texts.Count ? throw new InvalidDataException($"emissions of {width} labels ({array}), and --labels has {labels.Texts.Count}")
            : array.Floats();
    }

    /// <summary>The name of an utterance: that of its file without the extension.</summary>
    public static string NameOf(string path) => Path.GetFileNameWithoutExtension(path);
}
