using Data2Vec.Converters.Hub;
using Data2Vec.Kernels;
using Data2Vec.Training.Runs;
using Data2Vec.Training.State;

namespace Data2Vec.Cli;

/// <summary>Finds the file of a model that is given by its path, or by the name with which it was pulled.</summary>
internal static class ModelName
{
    /// <summary>The path of the model file.</summary>
    /// <param name="given">A path, or a name such as <c>facebook/data2vec-audio-base-960h</c>, which may end in a number format: <c>:bf16</c>.</param>
    /// <exception cref="IOException">There is no such file or model. The message says which command gets the model.</exception>
    public static string Resolve(string given)
    {
        if (File.Exists(given) || !IsName(given))
        {
            return Files.RequireFile(given);
        }

        (string name, ElementType? type) = Parse(given);
        using var store = new ModelStore();
        try
        {
            return store.Find(name, type)?.Path
                ?? throw new IOException($"{given}: no such file, and not in the cache of models; data2vec pull {name}{(type is { } format ? $" --dtype {OptionFactory.DtypeName(format)}" : "")} gets it");
        }
        catch (ArgumentException)
        {
            return Files.RequireFile(given);
        }
    }

    /// <summary>The path of a file in the folder of a run, or of a model file.</summary>
    /// <param name="given">The folder of a run, or what <see cref="Resolve"/> takes.</param>
    /// <param name="file">The file in the folder.</param>
    /// <exception cref="IOException">There is no such file or model.</exception>
    public static string ResolveRun(string given, string file)
    {
        if (!Directory.Exists(given))
        {
            return Resolve(given);
        }

        string path = Path.Combine(given, file);
        bool isIncomplete = file == RunFiles.Model && File.Exists(Path.Combine(given, TrainingState.FileName));
        return File.Exists(path) ? path : throw new IOException(
            $"{given}: no {file} in this folder; {(
                isIncomplete ? "the run is not complete yet"
                : File.Exists(Path.Combine(given, "config.json")) ? $"data2vec convert {given} makes a model file of it"
                : "give the folder of a run, or a model file")}");
    }

    private static bool IsName(string given) =>
        (given.Contains('/', StringComparison.Ordinal) || given.Contains(':', StringComparison.Ordinal)) && !OptionFactory.HasExtension(given, ".d2v");

    /// <summary>Splits a name from the number format at its end.</summary>
    public static (string Name, ElementType? Type) Parse(string given)
    {
        int colon = given.LastIndexOf(':');
        return colon > 0 && OptionFactory.Dtypes.Contains(given[(colon + 1)..]) ? (given[..colon], OptionFactory.ParseDtype(given[(colon + 1)..])) : (given, null);
    }
}
