using System.Text.Json.Nodes;

namespace Data2Vec.ModelFile;

/// <summary>All of a model file but the numbers of its tensors: what <see cref="D2vWriter"/> has to know first.</summary>
public sealed class D2vContents
{
    /// <summary>The architecture, such as <c>data2vec-audio</c>: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The values that the architecture is built from.</summary>
    public JsonObject Config { get; init; } = [];

    /// <summary>Where the model came from.</summary>
    public JsonObject Provenance { get; init; } = [];

    /// <summary>The tensors, in the order they are to have in the file.</summary>
    public IList<TensorDeclaration> Tensors { get; init; } = [];

    /// <summary>The assets by name; they follow the tensors in the file.</summary>
    public IDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } =
        new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
}
