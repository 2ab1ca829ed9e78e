namespace Data2Vec.ModelFile;

/// <summary>A tensor that a model file is going to have.</summary>
/// <param name="Name">The project's name: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</param>
/// <param name="Type">The number format.</param>
/// <param name="Shape">The shape in PyTorch's orientation.</param>
/// <param name="Layout">The order of the elements; <see cref="WeightLayout.Panels"/> is for f32, bf16 and matrices of i8.</param>
/// <param name="Groups">The groups of a grouped convolution in panels; 1 otherwise.</param>
public sealed record TensorDeclaration(
    string Name,
    ElementType Type,
    IReadOnlyList<int> Shape,
    WeightLayout Layout = WeightLayout.Rows,
    int Groups = 1);
