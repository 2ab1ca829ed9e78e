namespace Data2Vec.Training.Optimizers;

/// <summary>Where a parameter lies in the flat buffers.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Offset">Its first element.</param>
/// <param name="Count">The number of its elements.</param>
/// <param name="Group">The index of its group.</param>
public sealed record ParameterRange(string Name, int Offset, int Count, int Group = 0);
