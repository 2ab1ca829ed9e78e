using System.Runtime.InteropServices;

namespace Data2Vec.Converters.Exports;

/// <summary>A tensor of another layout, made of tensors of a model file.</summary>
/// <param name="Name">The name in that layout.</param>
/// <param name="Shape">The shape in that layout.</param>
/// <param name="Parts">The names in the model file, whose rows follow one another; none for a tensor of zeros.</param>
internal sealed record ExportTensor(string Name, IReadOnlyList<int> Shape, IReadOnlyList<string> Parts)
{
    /// <summary>The number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Writes the elements as f32.</summary>
    public void Write(D2vFile model, Stream stream) => Write(name =>
    {
        TensorInfo tensor = model.Tensor(name);
        float[] values = new float[tensor.Count];
        model.Read(tensor, values);
        return values;
    }, stream);

    /// <summary>Writes elements that a function gives by names of the model file.</summary>
    public void Write(Func<string, float[]> read, Stream stream)
    {
        foreach (string part in Parts)
        {
            stream.Write(MemoryMarshal.AsBytes(read(part).AsSpan()));
        }

        if (Parts.Count == 0)
        {
            stream.Write(new byte[checked((int)(Count * sizeof(float)))]);
        }
    }
}
