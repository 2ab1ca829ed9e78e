namespace Data2Vec.ModelFile;

/// <summary>
/// Gives the elements <c>start … start + destination.Length - 1</c> of a tensor in PyTorch's row-major order.
/// </summary>
/// <param name="start">The first element.</param>
/// <param name="destination">What to fill.</param>
public delegate void ReadElements(long start, Span<float> destination);
