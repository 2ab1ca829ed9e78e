namespace Data2Vec.Parameters;

/// <summary>What a parameter is used for. The role decides its number format and layout in a model file.</summary>
public enum ParameterRole
{
    /// <summary>The matrix of a linear layer, <c>[outputs, inputs]</c>: in the format of the weights, in the layout products read.</summary>
    Product,

    /// <summary>
    /// The weights of a convolution or of a projection before the layers, <c>[outputs, channels, taps…]</c>: in the format of the weights, in the layout
    /// products read. Where that is i8 convolutions are bf16 and projections, which are small, f32: what they make of samples and pixels is the input of all
    /// layers, so its error matters most.
    /// </summary>
    Convolution,

    /// <summary>Vectors that are looked up, <c>[rows, columns]</c>: in the format of the weights, by rows.</summary>
    Table,

    /// <summary>The bias of a linear layer or a convolution: f32.</summary>
    Bias,

    /// <summary>The gain or bias of a normalization, or a scale of outputs: f32.</summary>
    Norm,

    /// <summary>Numbers that the model is built from, such as a class token or a table of relative positions: f32, by rows.</summary>
    Constant,
}

/// <summary>A parameter of a model, declared by the block that uses it.</summary>
/// <param name="Name">The name in a model file, such as <c>encoder.0.attention.query.weight</c>.</param>
/// <param name="Shape">The shape in PyTorch's orientation.</param>
/// <param name="Role">What it is used for.</param>
public sealed record Parameter(string Name, IReadOnlyList<int> Shape, ParameterRole Role)
{
    /// <summary>The groups of a grouped convolution; 1 otherwise.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Whether a model may do without it.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Whether each dimension may also be 1, for all layers or heads in common.</summary>
    public bool MayBroadcast { get; init; }

    /// <summary>The values that training starts from.</summary>
    public InitialValue Initial { get; init; }

    /// <summary>The number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Describes the parameter as a tensor of a model file whose weights have a number format.</summary>
    public TensorDeclaration Declare(ElementType type) => Role switch
    {
        ParameterRole.Convolution when type == ElementType.I8 => Declare(Shape.Count == 2 ? ElementType.F32 : ElementType.BF16),
        ParameterRole.Product or ParameterRole.Convolution when PanelLayout.LayoutFor(type, Shape.Count) == WeightLayout.Panels =>
            new TensorDeclaration(Name, type, Shape, WeightLayout.Panels, Groups),
        ParameterRole.Product or ParameterRole.Convolution or ParameterRole.Table => new TensorDeclaration(Name, type, Shape),
        _ => new TensorDeclaration(Name, ElementType.F32, Shape),
    };

    /// <summary>Whether a tensor of this shape can hold the parameter.</summary>
    public bool Accepts(IReadOnlyList<int> shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return shape.Count == Shape.Count && shape.Zip(Shape).All(size => size.First == size.Second || (MayBroadcast && size.First == 1));
    }
}
