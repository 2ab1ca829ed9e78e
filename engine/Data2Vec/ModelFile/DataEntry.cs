using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>What a model file says about one of its tensors.</summary>
public sealed record TensorInfo
{
    /// <summary>The project's name of the tensor, such as <c>encoder.0.attention.query.weight</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The number format.</summary>
    public required ElementType Type { get; init; }

    /// <summary>The order of the elements.</summary>
    public WeightLayout Layout { get; init; }

    /// <summary>The shape in PyTorch's orientation, whatever the layout; empty for a single number.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>The groups of a grouped convolution in <see cref="WeightLayout.Panels"/>; 1 otherwise.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Where the data begins, in bytes from the start of the file: a multiple of 64.</summary>
    public required long Offset { get; init; }

    /// <summary>The size of the data in bytes, scales and zeros for absent outputs included.</summary>
    public required long Bytes { get; init; }

    /// <summary>The CRC-32C of those bytes.</summary>
    public required uint Crc32C { get; init; }

    /// <summary>The number of elements: the product of the shape.</summary>
    public long Count
    {
        get
        {
            long product = 1;
            foreach (int size in Shape)
            {
                product = checked(product * size);
            }

            return product;
        }
    }
}
