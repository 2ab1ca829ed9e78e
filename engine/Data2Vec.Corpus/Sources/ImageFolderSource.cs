namespace Data2Vec.Corpus;

/// <summary>A folder with a folder for each class, as ImageNet has it. The name of the class is the reference.</summary>
/// <param name="Path">The path of the folder.</param>
public sealed record ImageFolderSource(string Path) : CorpusSource
{
    internal override IEnumerable<PlannedInput> Read(SourceContext context)
    {
        string root = context.Resolve(Path);
        if (!Directory.Exists(root))
        {
            throw new IOException($"{Path}: no such folder");
        }

        bool isEmpty = true;
        foreach (string folder in FolderFiles.Folders(root))
        {
            string name = System.IO.Path.GetFileName(folder);
            foreach (PlannedInput input in FolderWalk.Files(System.IO.Path.Combine(Path, name), recursive: true, context, reference: name))
            {
                isEmpty = false;
                yield return input;
            }
        }

        if (isEmpty)
        {
            throw new InvalidDataException($"{Path}: there are no folders with {context.Inputs} in this folder; those of each class belong in a folder of their own");
        }

        foreach (string file in FolderFiles.Files(root, context.IsInput))
        {
            yield return PlannedInput.Bad(System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)), "the file is in no folder of a class");
        }
    }
}
