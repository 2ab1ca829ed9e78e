using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Schedules;
using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Recipes;

/// <summary>How the learning rate changes during a run.</summary>
public enum RateCurve
{
    /// <summary>It stays, after the warm-up.</summary>
    Constant,

    /// <summary>It rises linearly, stays, and falls exponentially.</summary>
    TriStage,

    /// <summary>It rises linearly and falls as half a cosine.</summary>
    Cosine,

    /// <summary>It rises linearly and falls linearly.</summary>
    Linear,
}

/// <summary>The optimizer of a recipe.</summary>
public sealed record OptimizerSettings
{
    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>How the rate changes.</summary>
    public RateCurve Curve { get; init; } = RateCurve.Cosine;

    /// <summary>The share of the updates in which the rate rises.</summary>
    public double WarmUp { get; init; } = 0.05;

    /// <summary>The share of the updates in which the rate stays; <see cref="RateCurve.TriStage"/> only.</summary>
    public double Hold { get; init; }

    /// <summary>The last rate, as a share of the highest.</summary>
    public double FinalScale { get; init; }

    /// <summary>Whose Adam is computed.</summary>
    public AdamVariant Adam { get; init; } = AdamVariant.Fairseq;

    /// <summary>The decay of Adam's first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay of Adam's second moment.</summary>
    public double Beta2 { get; init; } = 0.98;

    /// <summary>Added to Adam's denominator.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <summary>The weight decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Whether biases, norms and other vectors decay too, as in fairseq.</summary>
    public bool DecaysVectors { get; init; } = true;

    /// <summary>The largest norm of a gradient; 0 does not clip.</summary>
    public double ClipNorm { get; init; }

    /// <summary>The factor of the rate from a layer to the one below; 1 for the same rate everywhere.</summary>
    public double LayerDecay { get; init; } = 1;

    /// <summary>The optimizer of a run.</summary>
    internal OptimizerRecipe Create(ModelConfig config, long updates, int threads) => new()
    {
        Schedule = Schedule(updates),
        Adam = new AdamOptions { Variant = Adam, Beta1 = Beta1, Beta2 = Beta2, Epsilon = Epsilon, Threads = threads },
        ClipNorm = ClipNorm,
        GroupOf = parameter => new ParameterGroup(
            DecaysVectors || parameter.Shape.Count > 1 ? WeightDecay : 0, LayerwiseRateDecay.Scale(LayerDecay, config.Layers, Depth(parameter.Name, config.Layers))),
    };

    /// <summary>The rates of a run.</summary>
    internal LearningRateSchedule Schedule(long updates)
    {
        long warmUp = (long)(WarmUp * updates), hold = (long)(Hold * updates);
        return Curve switch
        {
            RateCurve.TriStage => new TriStageSchedule(LearningRate, warmUp, hold, Math.Max(0, updates - warmUp - hold), 0.01, FinalScale == 0 ? 0.01 : FinalScale),
            RateCurve.Cosine => new CosineSchedule(LearningRate, updates, warmUp, FinalScale * LearningRate, 0),
            RateCurve.Linear => new PolynomialSchedule(LearningRate, updates, warmUp, FinalScale * LearningRate),
            _ => new ConstantSchedule(LearningRate, warmUp),
        };
    }

    /// <summary>0 for what comes before the layers, the number of a layer from 1, and one more for what comes after them.</summary>
    private static int Depth(string name, int layers)
    {
        string[] words = name.Split('.');
        return words[0] == "encoder" && int.TryParse(words[1], out int layer) ? layer + 1
            : words[0] is "classifier" or "ctc" or "predictor" or "relative_position_bias" ? layers + 1
            : 0;
    }
}
