namespace Data2Vec.Text;

/// <summary>Where in a file an error is: <c>dict.txt line 12</c>, <c>vocab.json id 7</c>.</summary>
/// <param name="Kind">The file, by the name its kind usually has.</param>
/// <param name="Unit">What <paramref name="Number"/> counts.</param>
/// <param name="Number">Lines and entries count from 1, ids from 0.</param>
internal readonly record struct FilePlace(string Kind, string Unit, int Number)
{
    /// <summary>A line, by its index from 0.</summary>
    public static FilePlace Line(string kind, int index) => new(kind, "line", index + 1);

    public override string ToString() => $"{Kind} {Unit} {Number}";
}
