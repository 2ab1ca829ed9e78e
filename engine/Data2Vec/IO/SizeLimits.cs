namespace Data2Vec.IO;

/// <summary>Tells input that is larger than a limit from input that is damaged. Both throw <see cref="InvalidDataException"/>.</summary>
public static class SizeLimits
{
    private const string Mark = "Data2Vec.SizeLimit";

    /// <summary>Whether a limit of pixels, samples or bytes is the reason for an error.</summary>
    /// <param name="error">The error of a decoder.</param>
    public static bool AreExceeded(Exception error)
    {
        for (Exception? reason = error; reason is not null; reason = reason.InnerException)
        {
            if (reason.Data.Contains(Mark))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An error of input that is larger than a limit.</summary>
    internal static InvalidDataException Error(string message) => new(message) { Data = { [Mark] = true } };
}
