namespace Data2Vec.Corpus;

/// <summary>A text file with the paths of inputs, one per line. Blank lines are left out. Relative paths begin at the current folder.</summary>
/// <param name="Path">The path of the list.</param>
public sealed record FileListSource(string Path) : CorpusSource
{
    internal override IEnumerable<PlannedInput> Read(SourceContext context)
    {
        using FileStream stream = context.OpenRead(Path);
        foreach (string line in TextFile.ReadLines(stream, Path).Where(line => !string.IsNullOrWhiteSpace(line)))
        {
            foreach (PlannedInput input in context.InputsOf(line))
            {
                yield return input;
            }
        }
    }
}
