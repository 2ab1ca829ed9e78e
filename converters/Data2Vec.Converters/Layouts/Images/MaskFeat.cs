using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>MaskFeat in the files of SlowFast, whose configuration is a text in YAML: plain vision transformers for images.</summary>
internal static class MaskFeat
{
    public static VitSource Source { get; } = new("SlowFast", "MaskFeat vision transformer", checkpoint => checkpoint.Wrapper == "model_state")
    {
        Select = Select,
        Pooler = checkpoint => checkpoint.Weights.Contains("head.projection.weight") ? new VitPooler(Pooling.Mean, HasNorm: true) : null,
        Heads = checkpoint => Configuration(checkpoint)?.Group("MVIT") is { } model && model.Has("NUM_HEADS") ? model.Integer("NUM_HEADS", 1, 1, Limits.Size) : null,
        Preprocessing = checkpoint => size => Preprocessing(Configuration(checkpoint)?.Group("DATA"), size),
        Pretrained = Pooling.Mean,
        Layers = (checkpoint, _) => Configuration(checkpoint)?.Group("MVIT") is { } model && model.Has("DEPTH") ? (model.Integer("DEPTH", 1, 1, Limits.Layers), "MVIT.DEPTH in its configuration is") : null,
    };

    private static SourceCheckpoint Select(SourceCheckpoint checkpoint, ConversionOptions given)
    {
        const string What = "a model of SlowFast that is not a plain vision transformer for images";
        InvalidData.ThrowIf(
            !VitLayouts.HasTimmNames(checkpoint.Weights), $"{What} (MViT and the models for videos are not supported; MaskFeat's ViT is); {checkpoint.Weights.ShowNames()}");
        CheckpointOptions? configuration = Configuration(checkpoint);
        if (configuration?.Group("MVIT") is null || configuration.Group("DATA") is null)
        {
            bool isThere = checkpoint.Root?.TryGetValue("cfg", out _) == true;
            checkpoint.Warnings.Add(
                $"the configuration in the checkpoint ('cfg') {(isThere ? "cannot be read: the groups MVIT and DATA are not in it" : "is missing")}; the usual number of attention heads " +
                "and SlowFast's usual preparation of images are taken");
        }

        if (configuration?.Group("MVIT") is { } model)
        {
            foreach (string list in (string[])["DIM_MUL", "HEAD_MUL", "POOL_Q_STRIDE", "POOL_KV_STRIDE"])
            {
                model.ThrowIf(model.Has(list) && !model.IsEmpty(list), $"MVIT.{list}", $"is set: {What}");
            }
        }

        return checkpoint;
    }

    private static CheckpointOptions? Configuration(SourceCheckpoint checkpoint) =>
        checkpoint.Root is { } root && root.TryGet("cfg", out string? text) ? YamlOptions.Parse(text) : null;

    // SlowFast's evaluation of ImageNet. Without a crop both sides are resized.
    private static ImagePreprocessing Preprocessing(CheckpointOptions? data, int size)
    {
        double share = data?.Number("IN_VAL_CROP_RATIO", 0.875) ?? 0.875;
        InvalidData.ThrowIf(share is not (>= 0 and <= 1), $"the option DATA.IN_VAL_CROP_RATIO is {share}; it must be from 0 to 1");
        return ImagePreparation.ResizeThenCrop(
            size, share == 0 ? size : size / share, Values("MEAN") ?? ImagePreprocessing.ImageNetMean, Values("STD") ?? ImagePreprocessing.ImageNetStandardDeviation,
            Interpolation.Bicubic, share == 0 ? ResizeMode.Squash : ResizeMode.ShorterSide);

        ChannelValues? Values(string name) => data?.Numbers(name, 3) is { } values ? new ChannelValues(values[0], values[1], values[2]) : null;
    }
}
