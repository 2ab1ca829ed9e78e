namespace Data2Vec.Converters.HuggingFace;

/// <summary>
/// The decoder with an n-gram model that a Hugging Face folder may have (<c>Wav2Vec2ProcessorWithLM</c>). A model file <c>NAME.d2v</c> has it beside it, in
/// <c>NAME.lm</c>, in the same form.
/// </summary>
internal static class DecoderFiles
{
    private const string Extension = ".lm", LabelsName = "alphabet.json", InnerName = "language_model";

    private static readonly string[] s_innerNames = ["attrs.json", "unigrams.txt"];
    private static readonly string[] s_modelExtensions = [".arpa", ".arpa.gz", ".bin", ".binary"];

    /// <summary>The folder beside a model file.</summary>
    public static string FolderOf(string modelFile) => Path.ChangeExtension(modelFile, Extension);

    /// <summary>Selects the files of a decoder from those of a folder or repository, none if there is no n-gram model.</summary>
    /// <param name="files">The paths in the folder, with slashes.</param>
    public static IReadOnlyList<string> Among(IEnumerable<string> files)
    {
        string[] found = [.. files.Where(file => file == LabelsName || IsInner(file)).Order(StringComparer.Ordinal)];
        return found.Any(IsModel) ? found : [];
    }

    /// <summary>The files of the decoder in a folder, none without one.</summary>
    public static IReadOnlyList<string> In(string folder) => !Directory.Exists(Path.Combine(folder, InnerName)) ? [] : Among(
    [
        .. new[] { LabelsName }.Where(name => File.Exists(Path.Combine(folder, name))),
        .. Directory.EnumerateFiles(Path.Combine(folder, InnerName)).Select(path => $"{InnerName}/{Path.GetFileName(path)}"),
    ]);

    /// <summary>Copies the decoder in a folder beside a model file. It replaces one that is there.</summary>
    /// <returns>The folder of the copy; null without a decoder.</returns>
    public static string? Copy(string folder, string modelFile)
    {
        string target = FolderOf(modelFile);
        IReadOnlyList<string> files = In(folder);
        if (files.Count == 0 || Path.GetFullPath(folder) == Path.GetFullPath(target))
        {
            return null;
        }

        Remove(modelFile);
        foreach (string file in files)
        {
            string copy = Path.Combine(target, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(folder, file), copy, overwrite: true);
        }

        return target;
    }

    /// <summary>Removes the decoder beside a model file. Other files in its folder stay.</summary>
    /// <returns>The number of bytes that were freed.</returns>
    public static long Remove(string modelFile)
    {
        string target = FolderOf(modelFile);
        long bytes = 0;
        foreach (string path in In(target).Select(file => Path.Combine(target, file)))
        {
            bytes += new FileInfo(path).Length;
            File.Delete(path);
        }

        foreach (string empty in new[] { Path.Combine(target, InnerName), target }.Where(path => bytes > 0 && !Directory.EnumerateFileSystemEntries(path).Any()))
        {
            Directory.Delete(empty);
        }

        return bytes;
    }

    private static bool IsInner(string file) =>
        file.StartsWith(InnerName + "/", StringComparison.Ordinal) && file[(InnerName.Length + 1)..] is var name
        && !name.Contains('/', StringComparison.Ordinal) && (s_innerNames.Contains(name) || IsModel(name));

    private static bool IsModel(string name) => s_modelExtensions.Any(extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase));
}
