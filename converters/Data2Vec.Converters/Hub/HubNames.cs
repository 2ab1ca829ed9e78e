using System.Text.RegularExpressions;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Hub;

/// <summary>Names that come from the command line or a server on their way into addresses and paths.</summary>
internal static partial class HubNames
{
    private const int MaxPathLength = 255;
    private const int MaxRepositoryLength = 96;

    /// <summary>Whether a text is the whole name of a commit.</summary>
    public static bool IsCommit(string text) => Commit().IsMatch(text);

    /// <summary>Whether a text is the name of a repository: its own, or its owner's and its own.</summary>
    public static bool IsRepository(string text) =>
        text.Length <= MaxRepositoryLength && Repository().IsMatch(text) && !text.Contains("--", StringComparison.Ordinal)
        && !text.Contains("..", StringComparison.Ordinal) && !text.EndsWith(".git", StringComparison.Ordinal);

    /// <summary>Whether a name, possibly with folders, stays on every system within the folder that it is put into.</summary>
    public static bool IsSafePath(string path) => path.Length <= MaxPathLength && path.Split('/').All(IsSafeName);

    /// <summary>A name of a file from a server.</summary>
    /// <exception cref="InvalidDataException">It could lead elsewhere.</exception>
    public static string RequireFile(string name, string whose) => !name.Contains('/', StringComparison.Ordinal) && IsSafePath(name)
        ? name
        : throw new InvalidDataException($"{whose}: '{PickleText.Quote(name)}' is not a safe name of a file");

    // Windows takes the names of devices with any ending, and cuts dots and blanks off the end of a name.
    private static bool IsSafeName(string name) =>
        name.Length > 0 && name[^1] is not ('.' or ' ')
        && !name.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter) || letter is '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|')
        && !Device().IsMatch(name);

    [GeneratedRegex(@"\A[0-9a-f]{40}\z")]
    private static partial Regex Commit();

    [GeneratedRegex(@"\A[A-Za-z0-9_]([\w.-]*[A-Za-z0-9_])?(/[A-Za-z0-9_]([\w.-]*[A-Za-z0-9_])?)?\z", RegexOptions.ECMAScript)]
    private static partial Regex Repository();

    [GeneratedRegex(@"\A(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])\s*(\..*)?\z", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Device();
}
