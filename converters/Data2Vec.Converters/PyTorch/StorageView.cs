namespace Data2Vec.Converters.PyTorch;

/// <summary>A storage, or the part of one that old versions of PyTorch treated as a storage of its own.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Start">The part's first element.</param>
/// <param name="Count">The number of elements in the part.</param>
internal sealed record StorageView(PyTorchStorage Storage, long Start, long Count);
