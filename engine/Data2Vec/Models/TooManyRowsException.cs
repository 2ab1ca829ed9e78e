namespace Data2Vec;

/// <summary>The inputs of a call have more rows than <see cref="InputOptions.MaxRows"/> allows.</summary>
public sealed class TooManyRowsException : ArgumentException
{
    internal TooManyRowsException(Modality modality, long limit)
        : base($"The input has more than {limit} {Rows(modality)}. Shorten it, or send it in parts.") => Limit = limit;

    /// <summary>The limit.</summary>
    public long Limit { get; }

    private static string Rows(Modality modality) => modality switch
    {
        Modality.Text => "tokens",
        Modality.Speech => "frames",
        _ => "patches",
    };
}
