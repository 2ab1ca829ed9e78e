namespace Data2Vec.Cli;

/// <summary>Checks and sizes of the vectors that a command line asks for.</summary>
internal static class WantedVectors
{
    /// <summary>Requires that a model has the vectors that are wanted.</summary>
    /// <param name="options">The vectors.</param>
    /// <param name="model">The model.</param>
    /// <param name="given">The model as it was given.</param>
    /// <exception cref="UsageException">It does not.</exception>
    public static void RequireFrom(this EmbeddingOptions options, Data2VecModel model, string given)
    {
        if (options.Layer > model.Layers)
        {
            throw new UsageException($"--layer {options.Layer}: {given} has {model.Layers} layers");
        }

        if (options.Pooling?.HasFlag(Pooling.Class) == true && !model.HasClassToken)
        {
            throw new UsageException($"--pool cls needs a class token, which {given} does not have; use mean");
        }

        if (options.Pooling == Pooling.Pooler && !model.HasPooler)
        {
            throw new UsageException($"--pool pooler: {given} makes no vector of its own; use mean{(model.HasClassToken ? " or cls" : "")}");
        }
    }

    /// <summary>The length of a vector, or of a row without pooling.</summary>
    public static int SizeIn(this EmbeddingOptions options, Data2VecModel model, bool allLayers) =>
        model.Config.EmbeddingSizeOf(allLayers ? options with { Layer = 0 } : options);
}
