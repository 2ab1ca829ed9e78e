namespace Data2Vec.Training.Data;

/// <summary>A place in the data, from which a run is continued.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Batch">The number of the batch in the epoch, from 0.</param>
public readonly record struct BatchPosition(long Epoch, int Batch);
