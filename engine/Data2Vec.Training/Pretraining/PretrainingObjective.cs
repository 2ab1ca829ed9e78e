using Data2Vec.Training.Losses;

namespace Data2Vec.Training.Pretraining;

/// <summary>What a student predicts and how its predictions are judged, for one modality (Baevski et al. 2022).</summary>
internal sealed record PretrainingObjective
{
    /// <summary>The layers whose outputs are averaged, counted from the last (fairseq: <c>average_top_k_layers</c>).</summary>
    public required int TopLayers { get; init; }

    /// <summary>
    /// Whether the output of a layer is what its feed-forward block adds, before the residual and the norm; otherwise it is the end of the layer.
    /// </summary>
    public required bool AfterFeedForward { get; init; }

    /// <summary>How layers and their mean are normalized.</summary>
    public required RegressionTargets Targets { get; init; }

    public required RegressionLoss Loss { get; init; }

    /// <summary>Whether masked rows are replaced by a learned vector. Texts have a token for it.</summary>
    public required bool HasMaskEmbedding { get; init; }

    /// <summary>The linear layers that predict, with GELU between them, as factors of the hidden size.</summary>
    public required IReadOnlyList<int> Predictor { get; init; }

    /// <summary>Whether the teacher has a parameter of its own; otherwise it uses what the student computed with it.</summary>
    public required Func<string, bool> TeacherHas { get; init; }

    /// <summary>Whether the teacher's parameter is copied from the student at each update instead of averaged.</summary>
    public required Func<string, bool> IsCopied { get; init; }

    /// <summary>Whether the teacher looks up its own inputs; otherwise it continues from the student's rows before masking.</summary>
    public bool TeacherEmbeds { get; init; }

    public static PretrainingObjective Speech { get; } = new()
    {
        TopLayers = 8,
        AfterFeedForward = true,
        Targets = new RegressionTargets(TargetNorm.Instance, TargetNorm.None),
        Loss = new RegressionLoss(),
        HasMaskEmbedding = true,
        Predictor = [1],
        TeacherHas = name => name.StartsWith("encoder.", StringComparison.Ordinal) || IsPositional(name),
        IsCopied = IsPositional,
    };

    public static PretrainingObjective Text { get; } = new()
    {
        TopLayers = 10,
        AfterFeedForward = true,
        Targets = new RegressionTargets(TargetNorm.Layer, TargetNorm.None),
        Loss = new RegressionLoss { Beta = 4, Scale = 1 },
        HasMaskEmbedding = false,
        Predictor = [2, 1],
        TeacherHas = name => !IsPredictor(name),
        IsCopied = name => !name.StartsWith("encoder.", StringComparison.Ordinal),
        TeacherEmbeds = true,
    };

    public static PretrainingObjective Vision { get; } = new()
    {
        TopLayers = 6,
        AfterFeedForward = false,
        Targets = new RegressionTargets(TargetNorm.None, TargetNorm.Layer),
        Loss = new RegressionLoss { Beta = 2 },
        HasMaskEmbedding = true,
        Predictor = [],
        TeacherHas = name => name.StartsWith("encoder.", StringComparison.Ordinal) || name.StartsWith("relative_position_bias.", StringComparison.Ordinal),
        IsCopied = _ => false,
    };

    /// <summary>The objective of a modality, with the constants of the published models.</summary>
    public static PretrainingObjective Of(Modality modality) => modality switch
    {
        Modality.Speech => Speech,
        Modality.Text => Text,
        _ => Vision,
    };

    private static bool IsPositional(string name) => name.StartsWith("positional_convolution.", StringComparison.Ordinal);

    private static bool IsPredictor(string name) => name.StartsWith("predictor.", StringComparison.Ordinal);
}
