using Data2Vec.Training.Updates;

namespace Data2Vec.Training.Pretraining;

/// <summary>Inputs that are masked together: a micro-batch.</summary>
/// <typeparam name="T">Samples, token ids or pixels.</typeparam>
/// <param name="Items">The numbers of the inputs in the data, which random numbers depend on.</param>
/// <param name="Inputs">The whole inputs, which the teacher sees.</param>
/// <param name="Masked">The inputs that the student sees: texts with mask tokens; otherwise the whole inputs, whose rows are masked later.</param>
/// <param name="Mask">For each row of all inputs whether it is masked and to be predicted.</param>
internal sealed record PretrainingBatch<T>(
    IReadOnlyList<long> Items, IReadOnlyList<ReadOnlyMemory<T>> Inputs, IReadOnlyList<ReadOnlyMemory<T>> Masked, bool[] Mask)
    : IMicroBatch;
