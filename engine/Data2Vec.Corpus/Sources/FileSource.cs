namespace Data2Vec.Corpus;

/// <summary>A recording, an image, or a text whose lines are the inputs.</summary>
/// <param name="Path">The path of the file.</param>
public sealed record FileSource(string Path) : CorpusSource
{
    internal override IEnumerable<PlannedInput> Read(SourceContext context) => context.InputsOf(Path);
}
