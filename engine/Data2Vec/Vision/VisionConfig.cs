using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Vision;

/// <summary>The structure of data2vec's vision transformers (fairseq's <c>Data2VecVisionConfig</c>, BEiT's).</summary>
public sealed record VisionConfig : PatchConfig
{
    private const string ClassifierEpsilonName = "classifier_norm_epsilon";

    /// <summary>A configuration of data2vec's vision model; <see cref="ModelConfig.Architecture"/> can be set to data2vec 2.0's.</summary>
    public VisionConfig()
        : base(ModelArchitecture.Data2VecVision)
    {
    }

    [SetsRequiredMembers]
    private VisionConfig(JsonFields json, string architecture)
        : base(json, architecture)
    {
        ClassifierEpsilon = json.Has(ClassifierEpsilonName) ? json.Epsilon(ClassifierEpsilonName) : null;
        PoolSkipsFirstPatch = json.Flag("pool_skips_first_patch");
        if (!SizesFit || (HasInputNorm && HasFinalNorm))
        {
            throw new InvalidDataException("the configuration contradicts itself: image, patches, preprocessing and normalizations do not fit each other");
        }
    }

    /// <summary>Whether layers normalize before attention and feed-forward block; otherwise after each residual.</summary>
    public bool NormalizesFirst => !IsData2Vec2;

    /// <summary>Whether position vectors are added to the patches; otherwise attention has relative position bias.</summary>
    public bool HasPositionVectors => IsData2Vec2;

    /// <summary>Whether a normalization precedes the first layer.</summary>
    public bool HasInputNorm => IsData2Vec2;

    /// <summary>
    /// Whether the classification head's mean skips the first patch. fairseq's <c>Data2VecImageClassificationModel</c> drops the class token twice,
    /// and its models are trained that way.
    /// </summary>
    public bool PoolSkipsFirstPatch { get; init; }

    /// <summary>What the normalization of the classification head adds to the variance; null for <see cref="TransformerConfig.Epsilon"/>.</summary>
    public float? ClassifierEpsilon { get; init; }

    private protected override bool GridFits => BiasesFit && (Patches > 1 || !PoolSkipsFirstPatch);

    private bool IsData2Vec2 => Architecture == ModelArchitecture.Data2Vec2Vision;

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public static new VisionConfig FromJson(JsonElement json, string architecture = ModelArchitecture.Data2VecVision) =>
        new(JsonFields.Configuration(json), architecture);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        JsonObject json = PatchFields();
        json["pool_skips_first_patch"] = PoolSkipsFirstPatch;
        json["preprocessing"] = Preprocessing.ToJson();
        if (ClassifierEpsilon is { } epsilon)
        {
            json[ClassifierEpsilonName] = epsilon;
        }

        return WithCommon(json);
    }
}
