using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>A project whose vision transformers have timm's names: how its files are recognized, and what they do not say.</summary>
/// <param name="Format">The project, as the model file's provenance names it.</param>
/// <param name="Title">What messages call the model.</param>
/// <param name="Recognizes">Whether a checkpoint is the project's.</param>
internal sealed record VitSource(string Format, string Title, Func<SourceCheckpoint, bool> Recognizes)
{
    /// <summary>All of them. The first that recognizes a checkpoint reads it.</summary>
    public static IReadOnlyList<VitSource> All { get; } =
    [
        Timm.Folder,
        MaskFeat.Source,
        Dino.Source,
        Moco.Source,
        new("MAE", "MAE vision transformer", IsMae) { Interpolation = PositionInterpolation.Bicubic, Preprocessing = _ => size => ImagePreparation.SevenEighths(size) },
        Timm.File,
        Dino.Flat,
    ];

    /// <summary>Chooses the model if the checkpoint holds several.</summary>
    public Func<SourceCheckpoint, ConversionOptions, SourceCheckpoint> Select { get; init; } = (checkpoint, _) => checkpoint;

    /// <summary>What part of the checkpoint that is, for messages.</summary>
    public Func<SourceCheckpoint, ConversionOptions, string> Part { get; init; } = (_, _) => "";

    /// <summary>Whether the chosen model is the one that the option for the teacher asks for.</summary>
    public Func<ConversionOptions, bool> IsTeacher { get; init; } = _ => false;

    /// <summary>Whether the checkpoints hold a student and a teacher.</summary>
    public bool HasStudent { get; init; }

    /// <summary>How rows become the vector that the head reads; null where the weights tell: with fc_norm the mean, otherwise the class token.</summary>
    public Func<SourceCheckpoint, VitPooler?> Pooler { get; init; } = _ => null;

    /// <summary>The number of attention heads, or null where the checkpoint does not give it.</summary>
    public Func<SourceCheckpoint, int?> Heads { get; init; } = _ => null;

    /// <summary>The size of a head where the checkpoint does not give their number.</summary>
    public Func<SourceCheckpoint, int> HeadSize { get; init; } = _ => 64;

    /// <summary>The number of layers that something else in the checkpoint gives, and what that is.</summary>
    public Func<SourceCheckpoint, ConversionOptions, (int Count, string Origin)?> Layers { get; init; } = (_, _) => null;

    /// <summary>The labels of so many outputs, where the checkpoint has them.</summary>
    public Func<SourceCheckpoint, Func<int, IReadOnlyList<string>?>?> Labels { get; init; } = _ => null;

    /// <summary>How images of a size are prepared.</summary>
    public Func<SourceCheckpoint, Func<int, ImagePreprocessing>> Preprocessing { get; init; } = _ => size => ImagePreparation.SevenEighths(size);

    /// <summary>How positions are interpolated, or null if the project does not.</summary>
    public PositionInterpolation? Interpolation { get; init; }

    /// <summary>How vectors of pretrained models are made.</summary>
    public Pooling Pretrained { get; init; } = Pooling.Class;

    // Pre-training adds a decoder; its positions are fixed, and so tell MAE from other models without a head. Fine-tuning leaves its arguments, and in the
    // published files only the key.
    private static bool IsMae(SourceCheckpoint checkpoint)
    {
        Weights weights = checkpoint.Weights;
        return VitLayouts.HasTimmNames(weights)
            && (weights.Contains("decoder_embed.weight")
                || checkpoint.Options?.Has("global_pool") == true || checkpoint.Options?.Has("norm_pix_loss") == true
                || (checkpoint.Wrapper is not null && weights.Contains("fc_norm.weight"))
                || (!weights.Contains("head.weight") && SinusoidalNames.IsStored(weights, rowFirst: false)));
    }
}

/// <summary>Files with fixed position vectors.</summary>
internal static class SinusoidalNames
{
    /// <summary>What sines and cosines may differ by: bfloat16 rounds numbers up to 1 by 2e-3.</summary>
    private static float ToleranceOf(CheckpointType type) => type == CheckpointType.BF16 ? 4e-3f : 1e-3f;

    /// <summary>Whether the position vectors are sines and cosines after a zero for the class token; files with 16 bits round them.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="rowFirst">Whether the first half encodes the row.</param>
    public static bool IsStored(Weights weights, bool rowFirst)
    {
        CheckpointTensor? tensor = weights.Find("pos_embed");
        if (tensor is not { Shape: [1, > 1, > 0 and <= Limits.Size] } || tensor.RepeatsNumbers || tensor.Shape[2] % 4 != 0 || tensor.Count > 1 << 24)
        {
            return false;
        }

        int hidden = (int)tensor.Shape[2], grid = (int)Math.Sqrt(tensor.Shape[1] - 1);
        if ((long)grid * grid != tensor.Shape[1] - 1)
        {
            return false;
        }

        var stored = new float[tensor.Count];
        tensor.Read(0, stored);
        float tolerance = ToleranceOf(tensor.Type);
        return !stored.AsSpan(0, hidden).ContainsAnyExcept(0f)
            && stored.AsSpan(hidden).ToArray().Zip(SinusoidalPositions.Create(grid, hidden, rowFirst)).All(pair => MathF.Abs(pair.First - pair.Second) <= tolerance);
    }
}
