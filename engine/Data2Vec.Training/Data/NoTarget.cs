namespace Data2Vec.Training.Data;

/// <summary>The target of data for pretraining, which has none.</summary>
public readonly record struct NoTarget;
