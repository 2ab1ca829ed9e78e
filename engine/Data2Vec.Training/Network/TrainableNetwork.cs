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
        Config = config;
        // One parameter's values at a time are in managed memory; only optional ones are asked for twice.
        Buffers = new ParameterBuffers(
            ParameterList.Of(scope => Construct(scope, objective)).Where(parameter => !parameter.IsOptional || values(parameter) is not null).Select(AsStored), learns);
        for (int i = 0; i < Buffers.Places.Count; i++)
        {
            Parameter parameter = Buffers.Places[i].Parameter;
            Buffers.Write(i, values(parameter) ?? throw new InvalidDataException($"the parameter '{parameter.Name}' is missing"));
        }

        _source = new BufferParameters(Buffers);
        _store = backend.CreateStore();
        Encoder = Construct(new ParameterScope(_source, _store), objective);
        _store.Complete();
        foreach (DerivedActivations derived in _source.Derived.Where(derived => learns && derived.Backward is not null))
        {
            nuint bytes = (nuint)derived.Tensor.Rows * (nuint)derived.Tensor.Stride * sizeof(float);
            nint memory = (nint)NativeMemory.AlignedAlloc(bytes + 256, Arena.Alignment);
            NativeMemory.Clear((void*)memory, bytes + 256);
            _owned.Add(memory);
            _derived.Add((derived.Tensor with { Data = memory }, derived));
        }

        Parameter AsStored(Parameter parameter)
        {
            IReadOnlyList<int> shape = parameter.MayBroadcast && shapes is not null ? shapes(parameter) : parameter.Shape;
            return parameter.Accepts(shape) ? parameter with { Shape = shape } : throw new InvalidDataException(
                $"the parameter '{parameter.Name}' has the shape [{string.Join(", ", shape)}] instead of [{string.Join(", ", parameter.Shape)}]");
        }
    }

    public ModelConfig Config { get; }

    public Encoder<T> Encoder { get; }

    public ParameterBuffers Buffers { get; }

    /// <summary>The parameters as an optimizer sees them.</summary>
    /// <param name="group">The number of a parameter's group.</param>
    public IReadOnlyList<ParameterRange> Ranges(Func<Parameter, int> group) =>
        [.. Buffers.Places.Select(place => new ParameterRange(place.Parameter.Name, place.Offset, place.Count, group(place.Parameter)))];

    /// <summary>Begins a plain inference.</summary>
    public Inference Begin() => _store.Begin();

    /// <summary>Begins a recording.</summary>
    public Recording Record(RecordingOptions options)
    {
        List<(Activation, DerivedActivations)> derived = [.. _derived.Select(one => (
            new Activation(one.Derived.Tensor)
            {
                Gradient = one.Gradient,
                Learns = one.Derived.Backward!.Constants.Any(constant => Buffers.Learning[Buffers.IndexAt(constant.Data)]),
            },
            one.Derived))];
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
        foreach (nint memory in _owned)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _owned.Clear();
    }

    private Encoder<T> Construct(ParameterScope scope, Action<ParameterScope> objective)
    {
        var encoder = (Encoder<T>)ModelArchitecture.Find(Config.Architecture).CreateEncoder(Config, scope);
        var encoder = (Encoder<T>)ModelArchitecture.Find(config.Architecture).CreateEncoder(config, scope);
        objective(scope);
        return encoder;
    }
}
