namespace Data2Vec.Converters.Safetensors;

/// <summary>What the header says of a tensor, found free of contradictions.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its number format.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Begin">Where its numbers begin, in bytes from the end of the header.</param>
/// <param name="End">Where they end.</param>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, long[] Shape, long Begin, long End);
