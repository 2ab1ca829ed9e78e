using Data2Vec.Converters.Checkpoints;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// data2vec 2.0 (Baevski et al. 2023) in fairseq checkpoints, where it is the same model for all modalities: an encoder of one modality
/// with a few layers, followed by the layers that all modalities share.
/// </summary>
internal static class Data2Vec2
{
    /// <summary>fairseq's name of the model, which is also its column in the tables.</summary>
    public const string Model = "data2vec_multi";

    /// <summary>The parts that turn an input into features.</summary>
    private static readonly string[] s_local = ["local_encoder.", "project_features."];

    /// <summary>The prefix of the modality's tensors.</summary>
    public static string Root(SourceCheckpoint checkpoint) => $"modality_encoders.{checkpoint.Modality}.";

    /// <summary>The options of a checkpoint: <c>modality/</c> is the group of its modality, <c>head/</c> the fine-tuned model, <c>task/</c> the task.</summary>
    public static LayoutOptions Options(LayoutTable table, SourceCheckpoint checkpoint, string modality)
    {
        CheckpointOptions group = Group(checkpoint, modality);
        (string, CheckpointOptions?)[] others = [("modality", group), ("head", checkpoint.HeadOptions), ("task", checkpoint.TaskWith("normalize"))];
        var options = new LayoutOptions(table, Model, checkpoint.Options!, others);
        int heads = options.Integer("heads", 1, Limits.Size);
        return group.Integer("num_alibi_heads", heads, 1, Limits.Size) == heads ? options : throw group.Bad("num_alibi_heads", "is not num_heads");
    }

    /// <summary>The options of a checkpoint's modality.</summary>
    /// <exception cref="InvalidDataException">They are missing.</exception>
    public static CheckpointOptions Group(SourceCheckpoint checkpoint, string modality) =>
        checkpoint.Options!.Group($"modalities.{modality}")
        ?? throw new InvalidDataException($"the options modalities.{modality} are missing from the checkpoint");

    /// <summary>The names of the tensors: the modality's layers come first, then the shared ones.</summary>
    public static TensorNames Names(LayoutTable table, SourceCheckpoint checkpoint, int prenetLayers)
    {
        string root = Root(checkpoint);
        return new TensorNames(table, Model, root, i => i < prenetLayers ? $"{root}context_encoder.blocks.{i}" : $"blocks.{i - prenetLayers}");
    }

    /// <summary>
    /// The teacher's name of a tensor, or null for tensors that it does not have: it averages the shared layers alone, or everything but,
    /// by default, the layers that turn an input into features.
    /// </summary>
    public static Func<string, string?> TeacherName(SourceCheckpoint checkpoint, string modality)
    {
        if (checkpoint.Options!.Flag("ema_encoder_only") ?? true)
        {
            return SourceModel.WithoutPrefix("blocks.");
        }

        string root = Root(checkpoint);
        bool hasLocal = Group(checkpoint, modality).Flag("ema_local_encoder") ?? false;
        return name => hasLocal || !s_local.Any(part => name.StartsWith(root + part, StringComparison.Ordinal)) ? name : null;
    }
}
