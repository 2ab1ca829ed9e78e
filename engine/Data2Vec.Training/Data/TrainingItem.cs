namespace Data2Vec.Training.Data;

/// <summary>An item as the model reads it.</summary>
/// <param name="Item">The number of the item in its data.</param>
/// <param name="Input">Samples, token ids or pixels.</param>
/// <param name="Target">What the model shall answer.</param>
public sealed record TrainingItem<TInput, TTarget>(int Item, ReadOnlyMemory<TInput> Input, TTarget Target);
