using System.Runtime.InteropServices;

namespace Data2Vec.Parameters;

/// <summary>The backward partner of activations that are computed from constants.</summary>
/// <param name="Constants">The constants.</param>
/// <param name="Add">
/// Takes the gradient of the activations and the number of a constant, and adds to the constant's gradient, which is row-major.
/// </param>
internal sealed record DerivedBackward(IReadOnlyList<WeightData> Constants, DerivedBackward.Adder Add)
{
    public delegate void Adder(ReadOnlySpan<float> gradient, int constant, Span<float> ofConstant);
}

/// <summary>Where the values of declared parameters come from. The memory stays valid until the source is disposed.</summary>
internal abstract class ParameterSource : IDisposable
{
    /// <summary>Whether there are values at all; a listing has none.</summary>
    public virtual bool HasValues => true;

    /// <summary>Finds a parameter's values; null where an optional parameter is absent.</summary>
    /// <exception cref="InvalidDataException">The parameter is missing or does not fit.</exception>
    public abstract WeightData? Find(Parameter parameter);

    /// <summary>Learns of activations that are computed from parameters, for training, which computes them again when the parameters change.</summary>
    public virtual void Derive(Tensor tensor, Func<float[]> compute, DerivedBackward? backward)
    {
    }

    /// <summary>Checks what can only be known when every parameter has been declared.</summary>
    /// <exception cref="InvalidDataException">The parameters contradict each other.</exception>
    public virtual void Complete()
    {
    }

    public abstract void Dispose();
}

/// <summary>The parameters in a model file, mapped into memory.</summary>
internal sealed class FileParameters(D2vFile file) : ParameterSource
{
    private readonly List<(string Pattern, string Name, bool IsPresent)> _optional = [];

    public override WeightData? Find(Parameter parameter)
    {
        bool isPresent = file.Tensors.ContainsKey(parameter.Name);
        if (parameter.IsOptional)
        {
            _optional.Add((Pattern(parameter.Name), parameter.Name, isPresent));
            if (!isPresent)
            {
                return null;
            }
        }

        TensorInfo tensor = file.Tensor(parameter.Name);
        if (!parameter.Accepts(tensor.Shape))
        {
            throw Error(tensor, $"has the shape [{string.Join(", ", tensor.Shape)}], but the configuration says [{string.Join(", ", parameter.Shape)}]");
        }

        if (tensor.Layout == WeightLayout.Panels && tensor.Groups != parameter.Groups)
        {
            throw Error(tensor, $"is laid out for {tensor.Groups} groups, but the configuration says {parameter.Groups}");
        }

        if (tensor.Layout != WeightLayout.Rows && parameter.Role is not (ParameterRole.Product or ParameterRole.Convolution))
        {
            throw Error(tensor, "is not stored by rows");
        }

        return new WeightData(file.Pointer(tensor), tensor.Type, tensor.Layout, tensor.Shape) { Groups = parameter.Groups };
    }

    /// <summary>Optional parameters of layers belong to all layers or to none.</summary>
    public override void Complete()
    {
        foreach (var layers in _optional.GroupBy(parameter => parameter.Pattern))
        {
            if (layers.Any(layer => layer.IsPresent) && layers.FirstOrDefault(layer => !layer.IsPresent) is { Name: { } missing })
            {
                throw new InvalidDataException(
                    $"{file.Path}: tensor '{missing}' is missing, but {layers.Count(layer => layer.IsPresent)} of {layers.Count()} layers have it");
            }
        }
    }

    public override void Dispose() => file.Dispose();

    private InvalidDataException Error(TensorInfo tensor, string fault) => new($"{file.Path}: tensor '{tensor.Name}' {fault}");

    private static string Pattern(string name) => string.Join('.', name.Split('.').Select(word => word.All(char.IsAsciiDigit) ? "*" : word));
}

/// <summary>Parameters with the values that training starts from.</summary>
/// <param name="seed">Determines all random values.</param>
internal sealed unsafe class InitialParameters(ulong seed) : ParameterSource
{
    private readonly List<nint> _owned = [];

    public override WeightData Find(Parameter parameter)
    {
        int count = checked((int)parameter.Count);
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), D2vFormat.Alignment);
        _owned.Add((nint)memory);
        parameter.Initial.Fill(parameter, seed, 0, new Span<float>(memory, count));
        return new WeightData((nint)memory, ElementType.F32, WeightLayout.Rows, parameter.Shape) { Groups = parameter.Groups };
    }

    public override void Dispose()
    {
        foreach (nint memory in _owned)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _owned.Clear();
    }
}
