namespace Data2Vec.Training.Network;

/// <summary>Blocks of a network whose parameters lie in buffers.</summary>
/// <typeparam name="TBlocks">The blocks.</typeparam>
internal unsafe class TrainableParameters<TBlocks> : IDisposable
{
    private readonly BufferParameters _source;
    private readonly WeightStore _store;

    /// <summary>Creates a network.</summary>
    /// <param name="construct">Constructs the blocks, which declare their parameters. It is called twice: to list the parameters, and with their values.</param>
    /// <param name="backend">The processor.</param>
    /// <param name="values">The values of a parameter, row-major; null if the network does without it, which only optional ones may.</param>
    /// <param name="learns">Whether there are gradients and moments; a teacher has none.</param>
    /// <param name="shapes">The shape in which the values of a parameter are stored, where some dimensions may be 1; null for what the network declares.</param>
    public TrainableParameters(
        Func<ParameterScope, TBlocks> construct, Backend backend, Func<Parameter, float[]?> values, bool learns, Func<Parameter, IReadOnlyList<int>>? shapes = null)
    {
        // One parameter's values at a time are in managed memory; only optional ones are asked for twice.
        Buffers = new ParameterBuffers(
            ParameterList.Of(scope => construct(scope)).Where(parameter => !parameter.IsOptional || values(parameter) is not null).Select(AsStored), learns);
        try
        {
            for (int i = 0; i < Buffers.Places.Count; i++)
            {
                Parameter parameter = Buffers.Places[i].Parameter;
                Buffers.Write(i, values(parameter) ?? throw new InvalidDataException($"the parameter '{parameter.Name}' is missing"));
            }

            _source = new BufferParameters(Buffers);
            _store = backend.CreateStore();
            Blocks = construct(new ParameterScope(_source, _store));
            _store.Complete();
        }
        catch
        {
            _store?.Dispose();
            Buffers.Dispose();
            throw;
        }

        Parameter AsStored(Parameter parameter)
        {
            IReadOnlyList<int> shape = parameter.MayBroadcast && shapes is not null ? shapes(parameter) : parameter.Shape;
            return parameter.Accepts(shape) ? parameter with { Shape = shape } : throw new InvalidDataException(
                $"the parameter '{parameter.Name}' has the shape [{string.Join(", ", shape)}] instead of [{string.Join(", ", parameter.Shape)}]");
        }
    }

    public TBlocks Blocks { get; }

    public ParameterBuffers Buffers { get; }

    /// <summary>Begins a plain inference.</summary>
    public Inference Begin() => _store.Begin();

    /// <summary>Begins a recording.</summary>
    public Recording Record(RecordingOptions options)
    {
        IEnumerable<DerivedActivations> derived = _source.Derived.Where(
            one => one.Backward?.Constants.Any(constant => Buffers.FindGradient(constant) != 0) ?? false);

        // A parameter has a gradient when the backward pass reaches it, not already when it is asked whether it learns.
        Recording? recording = null;
        TrainingInference run = _store.BeginTraining(weight => recording is { IsPlaying: true } ? Buffers.GradientOf(weight) : Buffers.FindGradient(weight));
        return recording = new Recording(run, derived, options) { GradientOfConstant = Buffers.GradientOf };
    }

    /// <summary>Must be called after the values of parameters have changed.</summary>
    public void Refresh()
    {
        _store.Refresh();
        foreach (DerivedActivations derived in _source.Derived)
        {
            float[] values = derived.Compute();
            for (int row = 0; row < derived.Tensor.Rows; row++)
            {
                values.AsSpan(row * derived.Tensor.Columns, derived.Tensor.Columns).CopyTo(new Span<float>(derived.Tensor.Row(row), derived.Tensor.Columns));
            }
        }
    }

    public void Dispose()
    {
        _store.Dispose();
        Buffers.Dispose();
    }
}
