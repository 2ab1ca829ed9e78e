using System.Text.Json.Nodes;

namespace Data2Vec.ModelFile;

/// <summary>A model file without the elements of its tensors, for <see cref="D2vWriter"/>.</summary>
public sealed class D2vContents
{
    /// <summary>The architecture, such as <c>data2vec-audio</c>: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The architecture's configuration.</summary>
    public JsonObject Config { get; init; } = [];

    /// <summary>The model's origin.</summary>
    public JsonObject Provenance { get; init; } = [];

    /// <summary>The tensors, in the order of their data in the file.</summary>
    public IList<TensorDeclaration> Tensors { get; init; } = [];

    /// <summary>The assets by name. Their data follows that of the tensors.</summary>
    public IDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } =
        new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
}
