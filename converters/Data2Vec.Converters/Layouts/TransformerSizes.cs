namespace Data2Vec.Converters.Layouts;

/// <summary>The sizes of a transformer, from the rows that the option tables of all modalities share.</summary>
/// <param name="Hidden">Features of a hidden state.</param>
/// <param name="PrenetLayers">How many of the layers data2vec 2.0 names after the modality.</param>
/// <param name="Layers">All layers.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="FeedForward">Features inside a feed-forward block.</param>
/// <param name="Epsilon">What the normalizations add to the variance.</param>
internal sealed record TransformerSizes(int Hidden, int PrenetLayers, int Layers, int Heads, int FeedForward, float Epsilon)
{
    /// <summary>Reads the sizes.</summary>
    /// <exception cref="InvalidDataException">An option is out of range.</exception>
    public static TransformerSizes Read(LayoutOptions options)
    {
        int hidden = options.Integer("hidden_size", 1, Limits.Size);
        int prenet = options.Has("prenet_layers") ? options.Integer("prenet_layers", 0, Limits.Layers) : 0;
        int heads = options.Divisor("heads", "hidden_size", hidden);
        return new TransformerSizes(
            hidden, prenet, prenet + options.Integer("layers", 1, Limits.Layers), heads, FeedForwardSize(options, hidden), (float)options.Number("epsilon"));
    }

    /// <summary>Refuses another epsilon than the one of an encoder whose model file does not keep it.</summary>
    public void RequireEpsilon(LayoutOptions options, float supported) =>
        options.ThrowIf(Epsilon != supported, "epsilon", $"is {Epsilon}; only {supported} is supported");

    private static int FeedForwardSize(LayoutOptions options, int hidden)
    {
        if (!options.Has("feed_forward_ratio"))
        {
            return options.Integer("feed_forward_size", 1, Limits.Size);
        }

        double size = Math.Floor(hidden * options.Number("feed_forward_ratio"));
        return size is >= 1 and <= Limits.Size
            ? (int)size
            : throw options.Bad("feed_forward_ratio", $"gives a feed-forward size of {size}; it must be from 1 to {Limits.Size}");
    }
}
