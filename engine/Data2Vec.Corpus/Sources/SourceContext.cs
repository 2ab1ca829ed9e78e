namespace Data2Vec.Corpus;

/// <summary>What a source needs to know to list inputs.</summary>
/// <param name="BaseFolder">The folder for relative paths.</param>
/// <param name="Modality">The inputs that the model takes.</param>
/// <param name="Cancellation">Ends the work.</param>
internal sealed record SourceContext(string BaseFolder, Modality Modality, CancellationToken Cancellation)
{
    /// <summary>The full path of a file or folder.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, BaseFolder);

    /// <summary>Whether the name of a file is that of an input.</summary>
    public bool IsInput(string path) => Modality switch
    {
        Modality.Speech => FolderFiles.IsRecording(path),
        Modality.Vision => FolderFiles.IsImage(path),
        _ => FolderFiles.IsText(path),
    };

    /// <summary>The inputs in words.</summary>
    public string Inputs => Modality == Modality.Text ? "texts (.txt)" : Modality.Inputs();

    /// <summary>Opens a file that lists inputs. Errors name it as it was given.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public FileStream OpenRead(string path)
    {
        try
        {
            return new FileStream(Resolve(path), FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: {InputErrors.Of(error).Message}", error);
        }
    }

    /// <summary>The inputs in a file: the lines of a text, or else the file itself.</summary>
    public IEnumerable<PlannedInput> InputsOf(string path, string? reference = null) =>
        Modality == Modality.Text ? TextLines.Read(path, this, reference) : [PlannedInput.OfFile(path, reference)];
}
