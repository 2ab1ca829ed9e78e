namespace Data2Vec.Training.State;

/// <summary>
/// The addresses of a run's flat buffers of floats. All have the same layout: each parameter at its offset, in the order of a model file's data.
/// </summary>
/// <param name="Student">The parameters.</param>
/// <param name="Teacher">The teacher's parameters, or 0 if the run has no teacher.</param>
/// <param name="Mean">Adam's first moment.</param>
/// <param name="Square">Adam's second moment.</param>
public readonly record struct TrainingBuffers(nint Student, nint Teacher, nint Mean, nint Square)
{
    /// <summary>The buffers that a run has, by the first part of the names of their tensors in a state.</summary>
    internal IEnumerable<(string Name, nint Address)> Named() =>
        new (string Name, nint Address)[] { ("student", Student), ("teacher", Teacher), ("adam.mean", Mean), ("adam.square", Square) }.Where(buffer => buffer.Address != 0);
}
