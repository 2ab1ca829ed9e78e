namespace Data2Vec.Corpus;

/// <summary>The names of an embedding's columns.</summary>
internal static class EmbedColumns
{
    public const string Vector = "vector";
}
