namespace Data2Vec.Text;

/// <summary>What to do with a text of more tokens than the model has positions for.</summary>
public enum LongTextPolicy
{
    /// <summary>Keep the beginning and say how much was left out.</summary>
    Truncate,

    /// <summary>Throw <see cref="TextTooLongException"/>.</summary>
    Error,

    /// <summary>Cut into overlapping windows, whose vectors are averaged.</summary>
    Chunk,
}
