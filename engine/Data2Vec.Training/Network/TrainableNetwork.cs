namespace Data2Vec.Training.Network;

/// <summary>An encoder whose parameters lie in buffers, with the parameters that only training uses.</summary>
/// <typeparam name="T">Samples, token ids or pixels.</typeparam>
/// <param name="config">The encoder's structure.</param>
/// <param name="objective">Declares what the network has besides the encoder.</param>
/// <param name="backend">The processor.</param>
/// <param name="values">The values of a parameter, row-major; null if the network does without it, which only optional ones may.</param>
/// <param name="learns">Whether there are gradients and moments; a teacher has none.</param>
/// <param name="shapes">The shape in which the values of a parameter are stored, where some dimensions may be 1; null for what the network declares.</param>
internal sealed class TrainableNetwork<T>(
    ModelConfig config, Action<ParameterScope> objective, Backend backend, Func<Parameter, float[]?> values, bool learns, Func<Parameter, IReadOnlyList<int>>? shapes = null)
    : TrainableParameters<Encoder<T>>(scope => Construct(config, objective, scope), backend, values, learns, shapes)
{
    public ModelConfig Config { get; } = config;

    public Encoder<T> Encoder => Blocks;

    private static Encoder<T> Construct(ModelConfig config, Action<ParameterScope> objective, ParameterScope scope)
    {
        Runs.TrainableModels.Require(config);
        var encoder = (Encoder<T>)ModelArchitecture.Find(config.Architecture).CreateEncoder(config, scope);
        objective(scope);
        return encoder;
    }
}
