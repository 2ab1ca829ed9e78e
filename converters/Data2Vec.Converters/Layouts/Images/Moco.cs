namespace Data2Vec.Converters.Layouts;

/// <summary>MoCo v3: a checkpoint with an encoder and its moving average, or the encoder alone.</summary>
internal static class Moco
{
    private const string Encoder = "base_encoder.", Average = "momentum_encoder.";

    public static VitSource Source { get; } = new("MoCo v3", "MoCo v3 vision transformer", Recognizes)
    {
        Select = Select,
        Part = (checkpoint, given) => !HasPrefix(checkpoint) ? "" : given.Teacher ? ", the momentum encoder" : ", the base encoder",
        IsTeacher = given => given.Teacher,
        HeadSize = HeadSize,
        Layers = (checkpoint, given) => checkpoint.Weights.CountLayers((given.Teacher ? Encoder : Average) + VitLayouts.Blocks) is > 0 and var count
            ? (count, $"the {(given.Teacher ? "base" : "momentum")} encoder in the checkpoint has")
            : null,
        Interpolation = Vision.PositionInterpolation.Bicubic,

        // Its evaluation leaves the filter to torchvision, which is bilinear.
        Preprocessing = _ => size => ImagePreparation.ResizeThenCrop(size, size * 256 / 224.0, isImageNet: true, Vision.Images.Interpolation.Bilinear),
    };

    private static bool Recognizes(SourceCheckpoint checkpoint) => HasPrefix(checkpoint)
        || (VitLayouts.HasTimmNames(checkpoint.Weights) && SinusoidalNames.IsStored(checkpoint.Weights, rowFirst: true));

    private static bool HasPrefix(SourceCheckpoint checkpoint) =>
        checkpoint.Weights.Names.Any(name => name.StartsWith(Encoder, StringComparison.Ordinal) || name.StartsWith(Average, StringComparison.Ordinal));

    private static SourceCheckpoint Select(SourceCheckpoint checkpoint, ConversionOptions given)
    {
        if (!HasPrefix(checkpoint))
        {
            InvalidData.ThrowIf(given.Teacher, "the checkpoint has no momentum encoder; convert it without the option for the teacher");
            return checkpoint;
        }

        InvalidData.ThrowIf(
            given.Student, "MoCo v3 has no student: its checkpoints have a base encoder, which is converted, and a momentum encoder, which the option for the teacher (--teacher) converts");

        // What is called a head is the projector of pre-training.
        string prefix = given.Teacher ? Average : Encoder;
        Weights weights = checkpoint.Weights.Except(name => !name.StartsWith(prefix, StringComparison.Ordinal) || name.StartsWith($"{prefix}head.", StringComparison.Ordinal));
        InvalidData.ThrowIf(weights.Names.Count == 0, $"a MoCo v3 checkpoint without {prefix}*; {checkpoint.Weights.ShowNames()}");
        return checkpoint with { Weights = weights.Without(prefix) };
    }

    // Its small model has 12 heads of 32 features.
    private static int HeadSize(SourceCheckpoint checkpoint)
    {
        string? architecture = checkpoint.Root is { } root && root.TryGet("arch", out string? name) ? name : null;
        return (architecture is null ? checkpoint.Weights.Size("pos_embed", 3, 2, Limits.Size) == 384 : architecture.Contains("small", StringComparison.Ordinal)) ? 32 : 64;
    }
}
