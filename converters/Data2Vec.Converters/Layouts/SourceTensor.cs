namespace Data2Vec.Converters.Layouts;

/// <summary>A tensor of a model file, found in a checkpoint.</summary>
/// <param name="Spec">The tensor.</param>
/// <param name="Tensor">The checkpoint's.</param>
/// <param name="Start">The element of the checkpoint's tensor that is the first here.</param>
/// <param name="AddedRow">A tensor whose first row is added to every row, or null.</param>
internal sealed record SourceTensor(TensorSpec Spec, CheckpointTensor Tensor, long Start, CheckpointTensor? AddedRow)
{
    private float[]? _row;

    /// <summary>Makes sure that what is read is what was saved.</summary>
    public void Verify()
    {
        Tensor.Verify();
        AddedRow?.Verify();
    }

    /// <summary>Reads elements <c>start … start + destination.Length - 1</c>.</summary>
    public void Read(long start, Span<float> destination)
    {
        Tensor.Read(Start + start, destination);
        if (AddedRow is null)
        {
            return;
        }

        if (_row is null)
        {
            _row = new float[Spec.Shape[^1]];
            AddedRow.Read(0, _row);
        }

        // Zeros would turn -0 into 0.
        if (!_row.AsSpan().ContainsAnyExcept(0f))
        {
            return;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] += _row[(start + i) % _row.Length];
        }
    }
}
