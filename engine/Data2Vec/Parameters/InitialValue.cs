namespace Data2Vec.Parameters;

/// <summary>The distribution that a parameter's initial values are drawn from.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Spread">The standard deviation of a normal distribution, or half the width of a uniform one.</param>
/// <param name="IsUniform">Whether the distribution is uniform rather than normal.</param>
public readonly record struct InitialValue(float Mean, float Spread = 0, bool IsUniform = false)
{
    /// <summary>A row of a table that is zero, such as the padding token's; negative for none.</summary>
    public int ZeroRow { get; init; } = -1;

    /// <summary>All values are 0.</summary>
    public static InitialValue Zero => new(0);

    /// <summary>All values are 1.</summary>
    public static InitialValue One => new(1);

    /// <summary>A normal distribution around 0.</summary>
    public static InitialValue Normal(float standardDeviation) => new(0, standardDeviation);

    /// <summary>The normal distribution of He et al. (2015) for layers followed by a rectifier.</summary>
    /// <param name="fanIn">Inputs of one output.</param>
    public static InitialValue Kaiming(int fanIn) => new(0, MathF.Sqrt(2f / fanIn));

    /// <summary>The uniform distribution that PyTorch's layers start from.</summary>
    /// <param name="fanIn">Inputs of one output.</param>
    public static InitialValue Uniform(int fanIn) => new(0, 1 / MathF.Sqrt(fanIn), IsUniform: true);

    /// <summary>
    /// Draws the elements <c>start … start + destination.Length - 1</c> of a parameter. Each depends on the seed, the parameter's name and its own
    /// place alone.
    /// </summary>
    /// <param name="parameter">The parameter, whose <see cref="Parameter.Initial"/> this is.</param>
    /// <param name="seed">The seed of the model.</param>
    /// <param name="start">The first element, in row-major order.</param>
    /// <param name="destination">Receives the values.</param>
    public void Fill(Parameter parameter, ulong seed, long start, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (Spread == 0)
        {
            destination.Fill(Mean);
            return;
        }

        ulong stream = parameter.Name.Aggregate(Mix(seed), (hash, letter) => Mix(hash + letter));
        long rowSize = parameter.Count / Math.Max(1, parameter.Shape[0]);
        for (int i = 0; i < destination.Length; i++)
        {
            long place = start + i;
            destination[i] = ZeroRow >= 0 && place / rowSize == ZeroRow ? 0 : Mean + Spread * Draw(stream + (ulong)place * 0x9E3779B97F4A7C15);
        }
    }

    /// <summary>A number of the distribution with mean 0 and spread 1.</summary>
    private float Draw(ulong counter)
    {
        ulong bits = Mix(counter);
        double first = (bits >> 32) / 4294967296.0, second = (uint)bits / 4294967296.0;
        return IsUniform
            ? (float)(2 * first - 1)
            : (float)(Math.Sqrt(-2 * Math.Log(1 - first)) * Math.Cos(2 * Math.PI * second));
    }

    /// <summary>SplitMix64's finalizer (Steele et al. 2014).</summary>
    private static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
