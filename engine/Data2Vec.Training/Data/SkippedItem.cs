namespace Data2Vec.Training.Data;

/// <summary>An item that training goes on without.</summary>
/// <param name="Name">The file, or the file and the line.</param>
/// <param name="Reason">Why, as a sentence that begins in lower case.</param>
/// <param name="IsBad">Whether something is wrong with it. An item that an option leaves out, for example by its length, is not bad.</param>
public readonly record struct SkippedItem(string Name, string Reason, bool IsBad = true)
{
    /// <summary>The name and the reason.</summary>
    public override string ToString() => $"{Name}: {Reason}";
}
