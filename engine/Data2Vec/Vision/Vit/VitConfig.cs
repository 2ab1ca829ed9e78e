using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Vision;

/// <summary>
/// The structure of a vision transformer whose layers normalize first: ViT with position vectors (MAE, DINO, MoCo v3, MaskFeat, and those of timm,
/// torchvision and Hugging Face), and BEiT's with relative position bias (BEiT, SimMIM).
/// </summary>
public sealed record VitConfig : PatchConfig
{
    private const string AttentionBiasName = "attention_bias", InterpolationName = "position_interpolation", PoolerName = "pooler";

    private static readonly (string Name, AttentionBiases Biases)[] s_biases =
        [("all", AttentionBiases.All), ("query_value", AttentionBiases.QueryValue), ("none", AttentionBiases.None)];

    private static readonly (string Name, PositionInterpolation Interpolation)[] s_interpolations =
    [
        ("bicubic", PositionInterpolation.Bicubic), ("bicubic_offset", PositionInterpolation.BicubicOffset),
        ("bicubic_antialias", PositionInterpolation.BicubicAntialias), ("bicubic_aligned", PositionInterpolation.BicubicAligned),
    ];

    /// <summary>A configuration of ViT; <see cref="ModelConfig.Architecture"/> can be set to BEiT's.</summary>
    public VitConfig()
        : base(ModelArchitecture.Vit)
    {
    }

    [SetsRequiredMembers]
    private VitConfig(JsonFields json, string architecture)
        : base(json, architecture)
    {
        HasPositionVectors = json.Flag("position_vectors");
        HasRelativePositions = json.Flag("relative_positions");
        HasLayerScale = json.Flag("layer_scale");
        AttentionBiases = json.Choice(AttentionBiasName, s_biases);
        Interpolation = json.Has(InterpolationName) ? json.Choice(InterpolationName, s_interpolations) : null;
        JsonFields pooler = json.Object(PoolerName);
        Pooler = new VitPooler(pooler.Choice("rows", ("class", Pooling.Class), ("mean", Pooling.Mean)), pooler.Flag("norm"), pooler.Flag("dense"));
        if (!SizesFit || (!HasPositionVectors && Interpolation is not null))
        {
            throw new InvalidDataException("the configuration contradicts itself: image, patches, preprocessing and positions do not fit each other");
        }
    }

    /// <summary>Whether position vectors are added to the class token and the patches.</summary>
    public bool HasPositionVectors { get; init; } = true;

    /// <summary>How position vectors are computed for images of another size; null where they cannot be.</summary>
    public PositionInterpolation? Interpolation { get; init; }

    /// <summary>Whether attention has relative position bias.</summary>
    public bool HasRelativePositions { get; init; }

    /// <summary>Whether layers scale what they add to the residual.</summary>
    public bool HasLayerScale { get; init; }

    /// <summary>Which projections of attention have a bias.</summary>
    public AttentionBiases AttentionBiases { get; init; }

    /// <summary>How rows become the vector that the classification head reads.</summary>
    public VitPooler Pooler { get; init; } = new(Pooling.Class);

    private protected override bool GridFits => HasRelativePositions ? BiasesFit : (1L + Patches) * HiddenSize <= MostBiases;

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static new VitConfig FromJson(JsonElement json, string architecture = ModelArchitecture.Vit) => new(JsonFields.Configuration(json), architecture);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        JsonObject json = PatchFields();
        json["position_vectors"] = HasPositionVectors;
        json["relative_positions"] = HasRelativePositions;
        json["layer_scale"] = HasLayerScale;
        json[AttentionBiasName] = s_biases.First(biases => biases.Biases == AttentionBiases).Name;
        if (Interpolation is { } interpolation)
        {
            json[InterpolationName] = s_interpolations.First(known => known.Interpolation == interpolation).Name;
        }

        json[PoolerName] = new JsonObject
        {
            ["rows"] = Pooler.Rows == Pooling.Class ? "class" : "mean",
            ["norm"] = Pooler.HasNorm,
            ["dense"] = Pooler.IsDense,
        };
        json["preprocessing"] = Preprocessing.ToJson();
        return WithCommon(json);
    }
}

/// <summary>How the rows of an image become the vector that a classification head reads.</summary>
/// <param name="Rows">The class token or the mean of the patches: <see cref="Pooling.Class"/> or <see cref="Pooling.Mean"/>.</param>
/// <param name="HasNorm">Whether that is normalized.</param>
/// <param name="IsDense">Whether a linear layer and tanh follow.</param>
public sealed record VitPooler(Pooling Rows, bool HasNorm = false, bool IsDense = false);

/// <summary>How position vectors are computed for images of another size: by cubic convolution, as the code that a model comes from does it.</summary>
public enum PositionInterpolation
{
    /// <summary>Cubic convolution with a = -0.75, with the scale of the two sizes (MAE).</summary>
    Bicubic,

    /// <summary>The same, with the scale of the new size plus 0.1 and the old one (DINO, Hugging Face).</summary>
    BicubicOffset,

    /// <summary>Cubic convolution with a = -0.5 that widens with the scale (timm).</summary>
    BicubicAntialias,

    /// <summary>Cubic convolution with a = -0.75 that keeps the corners (torchvision).</summary>
    BicubicAligned,
}
