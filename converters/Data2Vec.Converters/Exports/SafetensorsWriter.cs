using System.Buffers.Binary;
using System.Text.Json;

namespace Data2Vec.Converters.Exports;

/// <summary>Writes safetensors files of f32.</summary>
internal static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Writes tensors of a model file.</summary>
    public static void Write(string path, IReadOnlyList<ExportTensor> tensors, D2vFile model)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt"); // transformers refuses files that do not say so.
            json.WriteEndObject();
            long offset = 0;
            foreach (ExportTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                Numbers("shape", tensor.Shape.Select(size => (long)size));
                Numbers("data_offsets", [offset, offset += tensor.Count * sizeof(float)]);
                json.WriteEndObject();
            }

            json.WriteEndObject();

            void Numbers(string name, IEnumerable<long> numbers)
            {
                json.WriteStartArray(name);
                foreach (long number in numbers)
                {
                    json.WriteNumberValue(number);
                }

                json.WriteEndArray();
            }
        }

        while (header.Length % Alignment != 0)
        {
            header.WriteByte((byte)' ');
        }

        NewFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header.GetBuffer(), 0, (int)header.Length);
            foreach (ExportTensor tensor in tensors)
            {
                tensor.Write(model, stream);
            }
        });
    }
}
