namespace Data2Vec.ModelFile;

/// <summary>The header's entry of a piece of a model file's data.</summary>
public abstract record DataEntry
{
    /// <summary>The name, unique among the entries of its kind.</summary>
    public required string Name { get; init; }

    /// <summary>The position of the data, in bytes from the start of the file: a multiple of 64.</summary>
    public required long Offset { get; init; }

    /// <summary>The size of the data in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The CRC-32C of the data.</summary>
    public required uint Crc32C { get; init; }

    /// <summary>What messages call the data.</summary>
    internal abstract string Description { get; }

    internal long End => Offset + Bytes;

    internal long PaddedEnd => D2vFormat.Align(End);
}

/// <summary>A tensor that a model file is going to have.</summary>
/// <param name="Name">The project's name: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</param>
/// <param name="Type">The number format.</param>
/// <param name="Shape">The shape in PyTorch's orientation.</param>
/// <param name="Layout">The order of the elements; <see cref="WeightLayout.Panels"/> is for f32, f16, bf16 and matrices of i8.</param>
/// <param name="Groups">The groups of a grouped convolution in panels; 1 otherwise.</param>
public sealed record TensorDeclaration(string Name, ElementType Type, IReadOnlyList<int> Shape, WeightLayout Layout = WeightLayout.Rows, int Groups = 1);

/// <summary>The entry of a tensor. Its <see cref="DataEntry.Bytes"/> include scales, padding, and zeros for absent outputs.</summary>
public sealed record TensorInfo : DataEntry
{
    /// <summary>The number format.</summary>
    public required ElementType Type { get; init; }

    /// <summary>The order of the elements.</summary>
    public WeightLayout Layout { get; init; }

    /// <summary>The shape in PyTorch's orientation, whatever the layout; empty for a single number.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>The groups of a grouped convolution in <see cref="WeightLayout.Panels"/>; 1 otherwise.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The number of elements: the product of the shape.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    internal override string Description => $"tensor '{Name}'";

    internal static TensorInfo Create(TensorDeclaration tensor, long bytes, long offset = 0, uint crc = 0) => new()
    {
        Name = tensor.Name,
        Type = tensor.Type,
        Layout = tensor.Layout,
        Shape = tensor.Shape,
        Groups = tensor.Groups,
        Offset = offset,
        Bytes = bytes,
        Crc32C = crc,
    };
}

/// <summary>The entry of an asset, such as <c>dict.txt</c>: a dictionary, a tokenizer file. It has less than 2 GiB.</summary>
public sealed record AssetInfo : DataEntry
{
    internal override string Description => $"asset '{Name}'";
}

/// <summary>The header itself, as a piece of the file.</summary>
internal sealed record HeaderEntry : DataEntry
{
    internal override string Description => "the header";
}
