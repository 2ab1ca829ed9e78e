using System.Runtime.InteropServices;
using Data2Vec.Kernels.Cpu;
using Data2Vec.Training.Optimizers;
using Data2Vec.Training.Threading;

namespace Data2Vec.Training.Network;

/// <summary>Where a parameter lies in the buffers.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Offset">Its first number, in the order of the buffers.</param>
/// <param name="Count">Its numbers, zeros for absent outputs of panels included.</param>
internal sealed record ParameterPlace(Parameter Parameter, int Offset, int Count)
{
    /// <summary>The parameter as a tensor of a model file in f32, which is how it is stored.</summary>
    public TensorDeclaration Declaration { get; } = Parameter.Declare(ElementType.F32);
}

/// <summary>
/// The parameters of a network, one after another in the layout of a model file. Products read them in place; gradients and moments have the same layout,
/// so that an optimizer's step is a pass over flat memory.
/// </summary>
internal sealed unsafe class ParameterBuffers : IDisposable
{
    private const int ChunkElements = 1 << 20;

    private readonly Dictionary<string, int> _byName = new(StringComparer.Ordinal);
    private readonly List<nint> _owned = [];
    private readonly nint _values;
    private readonly nint _gradients;
    private readonly nint _means;
    private readonly nint _squares;

    /// <summary>Allocates memory.</summary>
    /// <param name="parameters">The parameters that the network has.</param>
    /// <param name="learns">Whether there are gradients and moments.</param>
    public ParameterBuffers(IEnumerable<Parameter> parameters, bool learns)
    {
        var places = new List<ParameterPlace>();
        long end = 0;
        foreach (Parameter parameter in parameters)
        {
            if (D2vFormat.Measure(parameter.Declare(ElementType.F32), out long bytes) is { } complaint)
            {
                throw new InvalidDataException($"parameter '{parameter.Name}' {complaint}");
            }

            places.Add(new ParameterPlace(parameter, checked((int)end), checked((int)(bytes / sizeof(float)))));
            _byName.Add(parameter.Name, places.Count - 1);
            end += D2vFormat.Align(bytes) / sizeof(float);
        }

        Places = places;
        Length = checked((int)end);
        Learning = new bool[places.Count];
        HasGradient = new bool[places.Count];
        _values = Allocate();
        if (learns)
        {
            (_gradients, _means, _squares) = (Allocate(), Allocate(), Allocate());
            Array.Fill(Learning, true);
        }
    }

    /// <summary>The parameters in the order of the buffers.</summary>
    public IReadOnlyList<ParameterPlace> Places { get; }

    /// <summary>The numbers of a buffer.</summary>
    public int Length { get; }

    /// <summary>Whether each parameter learns. Those that do not are frozen and cost nothing.</summary>
    public bool[] Learning { get; }

    /// <summary>Whether each parameter has received a gradient in this update.</summary>
    public bool[] HasGradient { get; }

    public Span<float> Values => new((void*)_values, Length);

    public Span<float> Gradients => new((void*)_gradients, _gradients == 0 ? 0 : Length);

    /// <summary>Adam's first moments.</summary>
    public Span<float> Means => new((void*)_means, _means == 0 ? 0 : Length);

    /// <summary>Adam's second moments.</summary>
    public Span<float> Squares => new((void*)_squares, _squares == 0 ? 0 : Length);

    /// <summary>The address of one of the buffers, which do not move.</summary>
    public static nint AddressOf(Span<float> buffer) => (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer));

    /// <summary>The parameters as an optimizer sees them.</summary>
    /// <param name="group">The number of a parameter's group; null if all are in the first.</param>
    public IReadOnlyList<ParameterRange> Ranges(Func<Parameter, int>? group = null) =>
        [.. Places.Select(place => new ParameterRange(place.Parameter.Name, place.Offset, place.Count, group?.Invoke(place.Parameter) ?? 0))];

    /// <summary>Finds a parameter; -1 if there is none of this name.</summary>
    public int IndexOf(string name) => _byName.GetValueOrDefault(name, -1);

    /// <summary>A parameter's values, as a backend reads them.</summary>
    public WeightData Data(int index)
    {
        ParameterPlace place = Places[index];
        return new WeightData(_values + (nint)place.Offset * sizeof(float), ElementType.F32, place.Declaration.Layout, place.Declaration.Shape)
        {
            Groups = place.Declaration.Groups,
        };
    }

    /// <summary>A parameter's numbers in one of the buffers, row-major.</summary>
    public float[] Read(int index, ReadOnlySpan<float> buffer)
    {
        fixed (float* start = buffer)
        {
            return (Data(index) with { Data = (nint)(start + Places[index].Offset) }).ToArray();
        }
    }

    /// <summary>Sets a parameter's values.</summary>
    /// <param name="index">The parameter.</param>
    /// <param name="values">Row-major numbers.</param>
    public void Write(int index, ReadOnlySpan<float> values)
    {
        ParameterPlace place = Places[index];
        if (values.Length != place.Parameter.Count)
        {
            throw new ArgumentException($"Parameter '{place.Parameter.Name}' has {place.Parameter.Count} numbers, not {values.Length}.", nameof(values));
        }

        nint start = _values + (nint)place.Offset * sizeof(float);
        fixed (float* rows = values)
        {
            if (place.Declaration.Layout == WeightLayout.Rows)
            {
                values.CopyTo(new Span<float>((void*)start, values.Length));
                return;
            }

            var weight = new WeightData((nint)rows, ElementType.F32, WeightLayout.Rows, place.Declaration.Shape) { Groups = place.Declaration.Groups };
            var layout = PanelLayout.Create(ElementType.F32, place.Declaration.Shape, place.Declaration.Groups);
            for (int panel = 0; panel < layout.Panels; panel++)
            {
                PanelPacking.PackPanel(weight, layout, panel, start + (nint)layout.PanelOffset(panel) * sizeof(float));
            }
        }
    }

    /// <summary>The address of a parameter's gradient, by the address of its values; 0 if it does not learn.</summary>
    public nint FindGradient(WeightData weight) => _gradients == 0 || !Learning[IndexAt(weight.Data)] ? 0 : weight.Data - _values + _gradients;

    /// <summary>The address of a parameter's gradient, which is about to be written; 0 if the parameter does not learn.</summary>
    public nint GradientOf(WeightData weight)
    {
        nint gradient = FindGradient(weight);
        if (gradient != 0)
        {
            HasGradient[IndexAt(weight.Data)] = true;
        }

        return gradient;
    }

    public void ClearGradients()
    {
        int length = _gradients == 0 ? 0 : Length;
        ParallelTasks.Run((length + ChunkElements - 1) / ChunkElements, Environment.ProcessorCount, chunk =>
        {
            int offset = chunk * ChunkElements;
            new Span<float>((float*)_gradients + offset, Math.Min(ChunkElements, length - offset)).Clear();
        });
        Array.Clear(HasGradient);
    }

    public void Dispose()
    {
        foreach (nint memory in _owned)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _owned.Clear();
    }

    /// <summary>The parameter whose values are at an address.</summary>
    public int IndexAt(nint address)
    {
        long offset = (address - _values) / sizeof(float);
        int low = 0, high = Places.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (Places[middle].Offset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private nint Allocate()
    {
        // Vectors are read in whole registers, beyond the last number.
        nuint bytes = (nuint)Length * sizeof(float) + 256;
        nint memory = (nint)NativeMemory.AlignedAlloc(bytes, HostMemory.LargePage);
        HostMemory.UseLargePages(memory, (long)bytes);
        NativeMemory.Clear((void*)memory, bytes);
        _owned.Add(memory);
        return memory;
    }
}

/// <summary>Hands the parameters in buffers to an encoder, and computes again what is derived from them.</summary>
internal sealed class BufferParameters(ParameterBuffers buffers) : ParameterSource
{
    /// <summary>The activations that are computed from parameters.</summary>
    public List<DerivedActivations> Derived { get; } = [];

    public override WeightData? Find(Parameter parameter)
    {
        int index = buffers.IndexOf(parameter.Name);
        return index >= 0 ? buffers.Data(index)
            : parameter.IsOptional ? null
            : throw new InvalidDataException($"the parameter '{parameter.Name}' is missing");
    }

    public override void Derive(Tensor tensor, Func<float[]> compute, DerivedBackward? backward) => Derived.Add(new DerivedActivations(tensor, compute, backward));

    public override void Dispose()
    {
    }
}

/// <summary>Activations of a store that are computed from parameters.</summary>
internal sealed record DerivedActivations(Tensor Tensor, Func<float[]> Compute, DerivedBackward? Backward);
