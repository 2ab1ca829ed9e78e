using System.Text.Json;
using System.Text.RegularExpressions;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>timm: a folder with <c>config.json</c>, or a bare state dict with a head.</summary>
internal static partial class Timm
{
    /// <summary>The format of folders whose <c>config.json</c> names an architecture of timm.</summary>
    public const string Format = "timm";

    private const string Title = "timm's vision transformer";

    /// <summary>A folder.</summary>
    public static VitSource Folder { get; } = new(Format, Title, checkpoint => checkpoint.Format == Format)
    {
        Select = Check,
        Pooler = checkpoint => Pool(checkpoint) == "avg" ? new VitPooler(Pooling.Mean, HasNorm: checkpoint.Weights.Contains("fc_norm.weight")) : null,
        Heads = Heads,
        Layers = (checkpoint, _) => checkpoint.Options!.Group("model_args") is { } arguments && arguments.Has("depth")
            ? (arguments.Integer("depth", 1, 1, Limits.Layers), "the option model_args.depth is")
            : null,
        Labels = checkpoint => count => Names(checkpoint.Options!, count),
        Preprocessing = checkpoint => size => FolderPreprocessing(checkpoint.Options!.Group("pretrained_cfg") ?? checkpoint.Options!, size),
        Interpolation = PositionInterpolation.BicubicAntialias,
    };

    /// <summary>A file. Under a key it is from a project like DeiT's, which prepares images as ImageNet's; timm's own models have another mean.</summary>
    public static VitSource File { get; } = new(Format, Title, checkpoint => VitLayouts.HasTimmNames(checkpoint.Weights) && (checkpoint.Weights.Contains("head.weight") || checkpoint.Weights.Contains("fc_norm.weight")))
    {
        Select = Warn,
        Preprocessing = checkpoint => size => checkpoint.Wrapper is null
            ? ImagePreparation.ResizeThenCrop(size, size / 0.9, isImageNet: false)
            : ImagePreparation.SevenEighths(size),
        Interpolation = PositionInterpolation.BicubicAntialias,
    };

    private static SourceCheckpoint Check(SourceCheckpoint checkpoint, ConversionOptions given)
    {
        string architecture = checkpoint.Options!.Text("architecture")!;
        checkpoint.Options.ThrowIf(
            !VitLayouts.HasTimmNames(checkpoint.Weights), "architecture",
            $"is '{PickleText.Quote(architecture)}', which is not supported; timm's plain vision transformers (vit_*, deit_*) are");
        string? pool = Pool(checkpoint);
        checkpoint.Options.ThrowIf(pool is not (null or "" or "token" or "avg"), "global_pool", $"is '{PickleText.Quote(pool ?? "")}'; token and avg are supported");
        checkpoint.Options.ThrowIf(
            pool == "token" && checkpoint.Weights.Contains("fc_norm.weight"), "global_pool", $"is token, and the weights have {checkpoint.Weights.Label("fc_norm.weight")}, which belongs to avg");
        if (!(checkpoint.Options.Group("pretrained_cfg") ?? checkpoint.Options).Has("mean"))
        {
            checkpoint.Warnings.Add($"{HuggingFace.HuggingFaceFolder.ConfigName} does not say how images are prepared: they are normalized with ImageNet's mean and deviation");
        }

        return checkpoint;
    }

    private static SourceCheckpoint Warn(SourceCheckpoint checkpoint, ConversionOptions given)
    {
        checkpoint.Warnings.Add($"the checkpoint does not say how images are prepared; what {(checkpoint.Wrapper is null ? "timm's models" : "DeiT")} mostly have is taken");
        return checkpoint;
    }

    private static string? Pool(SourceCheckpoint checkpoint) =>
        checkpoint.Options!.Group("model_args")?.Text("global_pool") ?? checkpoint.Options.Text("global_pool");

    private static int? Heads(SourceCheckpoint checkpoint)
    {
        int hidden = checkpoint.Weights.RequireSize("patch_embed.proj.weight", 4, 0, Limits.Size);
        if (checkpoint.Options!.Group("model_args") is { } arguments && arguments.Has("num_heads"))
        {
            return arguments.Integer("num_heads", 1, 1, hidden);
        }

        int? known = Size().Match(checkpoint.Options.Text("architecture")!).Groups["size"].Value switch
        {
            "tiny" => 3,
            "small" => 6,
            "base" => 12,
            "large" or "huge" or "giant" or "gigantic" or "so400m" => 16,
            _ => null,
        };
        return known is { } heads && hidden % heads == 0 ? heads : null;
    }

    /// <summary>The names of the labels, if there are so many.</summary>
    private static IReadOnlyList<string>? Names(CheckpointOptions options, int count) =>
        options.Json.TryGetProperty("label_names", out JsonElement names) && names.ValueKind == JsonValueKind.Array && names.GetArrayLength() == count
            && names.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
            ? [.. names.EnumerateArray().Select(name => name.GetString()!)]
            : null;

    private static ImagePreprocessing FolderPreprocessing(CheckpointOptions options, int size)
    {
        Interpolation interpolation = (options.Text("interpolation") ?? "bicubic") switch
        {
            "bicubic" => Interpolation.Bicubic,
            "bilinear" => Interpolation.Bilinear,
            var other => throw options.Bad("interpolation", $"is '{PickleText.Quote(other)}'; bicubic and bilinear are supported"),
        };
        string mode = options.Text("crop_mode") ?? "center";
        options.ThrowIf(mode is not ("center" or "squash"), "crop_mode", $"is '{PickleText.Quote(mode)}'; center and squash are supported");
        double share = options.Number("crop_pct", 0.875);
        options.ThrowIf(share is not (> 0 and <= 1), "crop_pct", $"is {share}; it must be above 0 and at most 1");
        return ImagePreparation.ResizeThenCrop(
            size, size / share, Values("mean") ?? ImagePreprocessing.ImageNetMean, Values("std") ?? ImagePreprocessing.ImageNetStandardDeviation, interpolation,
            mode == "squash" ? ResizeMode.Squash : ResizeMode.ShorterSide);

        ChannelValues? Values(string name) => options.Numbers(name, 3) is { } values ? new ChannelValues(values[0], values[1], values[2]) : null;
    }

    [GeneratedRegex("^(vit|deit3?)_(?<size>tiny|small|base|large|huge|giant|gigantic|so400m)_", RegexOptions.ExplicitCapture)]
    private static partial Regex Size();
}
