namespace Data2Vec.Converters.Layouts;

/// <summary>Where a tensor of a model file is in a checkpoint.</summary>
/// <param name="Name">The name in the checkpoint.</param>
/// <param name="Part">Which part it is, where several tensors lie one after another in one of the checkpoint.</param>
/// <param name="Parts">How many lie there, all of one shape.</param>
internal sealed record TensorPlace(string Name, int Part = 0, int Parts = 1)
{
    /// <summary>A tensor of the checkpoint whose first row is added to every row, or null.</summary>
    public string? AddedRow { get; init; }

    public static implicit operator TensorPlace(string name) => new(name);
}
