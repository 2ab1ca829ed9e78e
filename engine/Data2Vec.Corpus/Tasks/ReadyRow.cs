namespace Data2Vec.Corpus;

/// <summary>An input in the form that goes through a model.</summary>
/// <param name="Rows">The rows of the model that it takes: tokens, frames or patches.</param>
/// <param name="Bytes">The memory that it takes, roughly.</param>
/// <param name="Content">What the task needs to run it.</param>
internal sealed record ReadyRow(int Rows, long Bytes, object Content);
