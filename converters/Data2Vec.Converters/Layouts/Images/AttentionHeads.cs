namespace Data2Vec.Converters.Layouts;

/// <summary>The number of attention heads of vision transformers whose files do not give it.</summary>
internal static class AttentionHeads
{
    /// <summary>The usual size of a head.</summary>
    private const int UsualSize = 64;

    /// <summary>Widths of published models with 16 heads of another size: so400m, huge, giant and gigantic.</summary>
    private static readonly int[] s_sixteen = [1152, 1280, 1408, 1664];

    /// <summary>The widths of published models: tiny, small, base, large.</summary>
    private static readonly int[] s_published = [192, 384, 768, 1024, .. s_sixteen];

    /// <summary>The number that the caller gives, otherwise the file's, otherwise the usual one of the width, with a note unless a published model has it.</summary>
    /// <param name="hidden">Features of a hidden state.</param>
    /// <param name="known">The number that the file gives, or null.</param>
    /// <param name="size">The size of a head in models of this kind.</param>
    /// <param name="given">The caller's options.</param>
    /// <param name="warnings">Receives the note.</param>
    /// <exception cref="InvalidDataException">The number does not divide the width.</exception>
    public static int Count(int hidden, int? known, ConversionOptions given, List<string> warnings, int size = UsualSize)
    {
        int usual = s_sixteen.Contains(hidden) ? 16 : Math.Max(hidden / size, 1), heads = known ?? given.Heads ?? usual;
        InvalidData.ThrowIf(heads < 1 || hidden % heads != 0, $"{heads} attention heads do not divide the {hidden} features of the model; give their number (--heads)");
        InvalidData.ThrowIf(
            hidden / heads > TransformerConfig.LargestHead,
            $"{(known is null && given.Heads is not null ? "--heads" : "the checkpoint")} gives the number of attention heads {heads}, so that a head has {hidden / heads} features; " +
            $"at most {TransformerConfig.LargestHead} are supported, and {usual} heads are usual for a model of {hidden} features");
        if (known is null && given.Heads is null && !s_published.Contains(hidden))
        {
            warnings.Add($"the checkpoint does not give the number of attention heads, and no published model has {hidden} features; " +
                $"{heads} of {hidden / heads} features are assumed (--heads gives another number)");
        }

        return heads;
    }
}
