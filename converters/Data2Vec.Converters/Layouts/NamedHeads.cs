namespace Data2Vec.Converters.Layouts;

/// <summary>The classification heads of fairseq's text models, which have names of their own.</summary>
internal static class NamedHeads
{
    private const string Heads = "classification_heads.", Head = "classification_head.";

    /// <summary>The weights with one head under the name that the tables have, or with none.</summary>
    /// <param name="weights">All weights.</param>
    /// <param name="given">Which head is wanted, if not the only one.</param>
    /// <exception cref="InvalidDataException">There is no such head, or there are several and none is chosen; the message lists them.</exception>
    public static Weights Choose(Weights weights, ConversionOptions given)
    {
        string[] names = [.. weights.Names.Where(name => name.StartsWith(Heads, StringComparison.Ordinal)).Select(name => name.Split('.')[1]).Distinct()];
        string listed = string.Join(", ", names.Select(PickleText.Quote));
        InvalidData.ThrowIf(
            given.HeadName is { } wanted && !names.Contains(wanted),
            names.Length == 0
                ? $"the checkpoint has no named classification head, and so none of the name {given.HeadName}"
                : $"the checkpoint has no classification head of the name {given.HeadName}; it has {listed}");
        InvalidData.ThrowIf(
            names.Length > 1 && given is { HeadName: null, WithoutHead: false },
            $"the checkpoint has {names.Length} classification heads: {listed}; choose one by its name (--head NAME), or convert the encoder alone (--no-head)");
        if (given.WithoutHead)
        {
            return weights.Except(name => name.StartsWith(Heads, StringComparison.Ordinal) || name.StartsWith(Head, StringComparison.Ordinal));
        }

        if (names.Length == 0)
        {
            return weights;
        }

        string kept = $"{Heads}{given.HeadName ?? names[0]}.";
        return weights.Except(name => name.StartsWith(Heads, StringComparison.Ordinal) && !name.StartsWith(kept, StringComparison.Ordinal)).Without(kept, Head);
    }
}
