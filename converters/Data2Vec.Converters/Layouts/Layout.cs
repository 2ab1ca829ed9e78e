namespace Data2Vec.Converters.Layouts;

/// <summary>An encoder in a layout of checkpoints: how it is recognised and how it is read.</summary>
/// <param name="Format">The layout, as the model file's provenance names it.</param>
/// <param name="Model">The layout's name of the encoder, as the model file's provenance names it.</param>
/// <param name="Title">What messages call the encoder.</param>
/// <param name="Read">Reads the model of a checkpoint that was recognised.</param>
internal sealed record Layout(string Format, string Model, string Title, Func<Layout, SourceCheckpoint, ConversionOptions, SourceModel> Read)
{
    /// <summary>All layouts. The first that recognises a checkpoint reads it.</summary>
    public static IReadOnlyList<Layout> All { get; } =
    [
        .. VisionLayouts.All,

        // Checkpoints of images may have 'args' that are not fairseq's.
        UnsupportedImages.Layout,
        .. BeitLayouts.All,
        .. VitLayouts.All,
        .. AudioLayouts.All,
        .. TextLayouts.All,
        .. VggLayouts.All,
        .. MemeLayouts.All,
    ];

    /// <summary>What recognises a checkpoint; by default the format and the name of the model.</summary>
    public Func<SourceCheckpoint, bool>? Recognizes { get; init; }

    /// <summary>The arch names of old fairseq checkpoints that are this encoder too.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>The architecture that model files name, for layouts that share a reader.</summary>
    public string? Architecture { get; init; }

    /// <summary>What the encoder takes, if the name of the model does not tell.</summary>
    public string? Modality { get; init; }

    /// <summary>How the names of Hugging Face's models with a head on the whole input end.</summary>
    public string? HeadEnding { get; init; }

    /// <summary>What the names of a Hugging Face encoder's tensors begin with in a model with a head, if it is not the name of the model.</summary>
    public string? Prefix { get; init; }

    /// <summary>Whether a checkpoint can have several classification heads, each with a name.</summary>
    public bool HasNamedHeads { get; init; }

    /// <summary>How the names of a Hugging Face encoder's tensors begin that stand beside its prefix.</summary>
    public IReadOnlyList<string> Outside { get; init; } = [];

    /// <summary>Whether a name is fairseq's of this encoder.</summary>
    public bool IsFairseq(string model) => Format == SourceCheckpoint.Fairseq && (Model == model || Architectures.Contains(model));

    /// <summary>The prefix of a Hugging Face encoder's tensors in a model with a head: <c>data2vec_audio.</c> for <c>data2vec-audio</c>.</summary>
    public string HeadedPrefix => Prefix ?? Model.Replace('-', '_') + ".";

    /// <summary>Finds the layout of a checkpoint and reads its model.</summary>
    /// <exception cref="InvalidDataException">No layout recognises it, or its structure is not supported; the message says what is.</exception>
    public static SourceModel ReadAny(SourceCheckpoint checkpoint, ConversionOptions options)
    {
        Layout? layout = All.FirstOrDefault(layout => layout.Matches(checkpoint));
        InvalidData.ThrowIf(
            checkpoint.Head is { } head && (layout is null || !head.Encoders.Contains(layout.Model)),
            $"{checkpoint.Head?.Title} around {FairseqHead.Describe(checkpoint.Model!)}");
        if (layout is null)
        {
            throw Unknown(checkpoint);
        }

        bool canLeaveOut = layout.HasNamedHeads || layout.Format is SourceCheckpoint.HuggingFace or SourceCheckpoint.Onnx;
        InvalidData.ThrowIf(options.Student && options.Teacher, "a model is either the student or the teacher");
        InvalidData.ThrowIf(options.HeadName is not null && !layout.HasNamedHeads, "the name of a head applies only to fairseq's text models, whose heads have names");
        InvalidData.ThrowIf(options.WithoutHead && !canLeaveOut, "only text models and Hugging Face's models are converted without their head");
        SourceModel model = layout.Read(layout, checkpoint, options);
        InvalidData.ThrowIf(
            options.Student && model.TeacherKey is null && !model.HasStudent, "the checkpoint holds one model, not a student and a teacher; convert it without the option");
        int? heads = model.Config["heads"]?.GetValue<int>();
        return options.Heads is null || options.Heads == heads
            ? model
            : throw new InvalidDataException(heads is null ? "the model has no attention heads to give a number of" : $"the number of attention heads in the checkpoint is {heads}, not {options.Heads}");
    }

    private bool Matches(SourceCheckpoint checkpoint) => Recognizes is not null
        ? Recognizes(checkpoint)
        : checkpoint.Format == Format && (Model == checkpoint.Model || Architectures.Contains(checkpoint.Model))
            && (Modality is null || Modality == checkpoint.Modality);

    private static InvalidDataException Unknown(SourceCheckpoint checkpoint)
    {
        if (checkpoint.Format == SourceCheckpoint.Fairseq)
        {
            return new InvalidDataException(FairseqHead.Describe(checkpoint.Model!));
        }

        if (checkpoint.Format == SourceCheckpoint.HuggingFace)
        {
            IEnumerable<string> supported = All.Where(layout => layout.Format == SourceCheckpoint.HuggingFace).Select(layout => layout.Model).Distinct();
            return checkpoint.Options!.Bad(
                "model_type", $"is '{PickleText.Quote(checkpoint.Model!)}', which is not supported; {string.Join(", ", supported)} are");
        }

        if (checkpoint.Format == SourceCheckpoint.Onnx)
        {
            return new InvalidDataException(
                $"an ONNX model that is not recognized; without a config.json beside it, only BERT is; {checkpoint.Weights.ShowNames()}");
        }

        return new InvalidDataException(IsHuggingFace(checkpoint.Weights)
            ? "the weights of a Hugging Face model; its config.json must be in the same folder"
            : "a checkpoint of an unknown layout: not fairseq's, which has 'cfg' or 'args' and 'model', nor that of a vision transformer, which has 'patch_embed.proj.weight' " +
                $"or 'conv_proj.weight', nor torchvision's VGG, which has 'features.0.weight', nor a Hugging Face folder; {checkpoint.Weights.ShowNames()}");
    }

    /// <summary>Whether weights have the names of a Hugging Face model.</summary>
    public static bool IsHuggingFace(Weights weights) => weights.Names.Any(name =>
        name is "feature_projection.projection.weight" or "embeddings.word_embeddings.weight" or "embeddings.patch_embeddings.projection.weight"
        || All.Any(layout => layout.Format == SourceCheckpoint.HuggingFace && name.StartsWith(layout.HeadedPrefix, StringComparison.Ordinal)));
}
