using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Network;

/// <summary>The shares of features, probabilities, branches and layers that are dropped at random in training.</summary>
public sealed record DropoutRates
{
    /// <summary>No dropout at all.</summary>
    public static DropoutRates None { get; } = new();

    /// <summary>Of what enters the first layer.</summary>
    public double Input { get; init; }

    /// <summary>Of what attention and feed-forward blocks add to the residual.</summary>
    public double Branch { get; init; }

    /// <summary>Of the features inside a feed-forward block.</summary>
    public double Activation { get; init; }

    /// <summary>Of the probabilities of attention.</summary>
    public double Attention { get; init; }

    /// <summary>Of what enters the last layer of a head.</summary>
    public double Head { get; init; }

    /// <summary>Whole layers, skipped for all items of a batch (Fan et al. 2019).</summary>
    public double Layer { get; init; }

    /// <summary>Whole branches of single items (Huang et al. 2016): the rate of the last layer, to which the rates of the others rise from 0.</summary>
    public double Path { get; init; }

    internal double Of(DropoutSite site) => site switch
    {
        DropoutSite.Input => Input,
        DropoutSite.Branch => Branch,
        DropoutSite.Activation => Activation,
        DropoutSite.Head => Head,
        _ => 0,
    };
}

/// <summary>How a recording draws its random numbers and what it keeps.</summary>
internal sealed record RecordingOptions
{
    public DropoutRates Dropout { get; init; } = DropoutRates.None;

    public ulong Seed { get; init; }

    public long Update { get; init; }

    /// <summary>The number of layers, for <see cref="DropoutRates.Path"/>.</summary>
    public int Layers { get; init; }

    /// <summary>The bytes of activations that are kept for the backward pass. Parts beyond it are computed again; the result is the same.</summary>
    public long KeptBytes { get; init; } = 1L << 30;

    /// <summary>
    /// The bytes up to which a part is kept. The features of recordings come first and are the cheapest to compute again for the memory that they take; most of
    /// it is left to the layers.
    /// </summary>
    public long KeptBytesOf(ModelPartKind part) => part == ModelPartKind.Features ? KeptBytes / 8 : KeptBytes;

    /// <summary>The source of random numbers of a place in the network.</summary>
    public RandomSource Random(RandomSite site, int index) => new(Seed, Update, site, index);
}
