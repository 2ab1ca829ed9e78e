namespace Data2Vec.Converters.Safetensors;

/// <summary>A tensor of a safetensors file. Any number of threads may read it until its <see cref="SafetensorsFile"/> is disposed.</summary>
public sealed class SafetensorsTensor : CheckpointTensor
{
    private readonly SafetensorsEntry _entry;
    private readonly string _fileName;
    private readonly FileRegion _data;

    internal SafetensorsTensor(SafetensorsEntry entry, string fileName, FileRegion data)
        : base(entry.Type.Type, entry.Shape) =>
        (_entry, _fileName, _data) = (entry, fileName, data.Part(entry.Begin, entry.End - entry.Begin));

    /// <summary>The name of the number format in the file, such as <c>F32</c> or <c>F8_E4M3</c>.</summary>
    public string DataType => _entry.Type.Name;

    /// <inheritdoc/>
    public override void Read(long start, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, Count - start);
        try
        {
            InvalidData.ThrowIf(
                Type == CheckpointType.Other,
                $"numbers of dtype '{PickleText.Quote(DataType)}' are not supported; convert it to float32 and save again");

            int elementSize = _entry.Type.Bytes;
            ElementReader.Read(_data, start * elementSize, Type, elementSize, destination);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{_fileName}: tensor '{PickleText.Quote(_entry.Name)}': {error.Message}", error);
        }
    }
}

/// <summary>A tensor's entry in the header, checked for contradictions.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its number format.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Begin">Where its numbers begin, in bytes from the end of the header.</param>
/// <param name="End">Where they end.</param>
internal sealed record SafetensorsEntry(string Name, NumberFormat Type, long[] Shape, long Begin, long End);
