namespace Data2Vec.Corpus;

/// <summary>
/// A folder with inputs: recordings, images, or texts (<c>.txt</c>) whose lines are the inputs, whichever the model takes, by the extensions of their names.
/// Hidden files and folders are left out, and links to folders are not followed.
/// </summary>
/// <param name="Path">The path of the folder.</param>
public sealed record FolderSource(string Path) : CorpusSource
{
    /// <summary>Whether the folders in the folder are searched, too.</summary>
    public bool Recursive { get; init; } = true;

    internal override IEnumerable<PlannedInput> Read(SourceContext context)
    {
        bool isEmpty = true;
        foreach (PlannedInput input in FolderWalk.Files(Path, Recursive, context))
        {
            isEmpty = false;
            foreach (PlannedInput part in input.Path is { } file ? context.InputsOf(file) : [input])
            {
                yield return part;
            }
        }

        if (isEmpty)
        {
            throw new InvalidDataException($"{Path}: there are no {context.Inputs} in this folder");
        }
    }
}
