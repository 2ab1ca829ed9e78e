using System.Text.RegularExpressions;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Hub;

/// <summary>Checks names from the command line or a server before they become part of addresses and paths.</summary>
internal static partial class HubNames
{
    private const int MaxPathLength = 255;
    private const int MaxRepositoryLength = 96;

    /// <summary>Whether a text is a full commit hash.</summary>
    public static bool IsCommit(string text) => Commit().IsMatch(text);

    /// <summary>Whether a text is the name of a repository: <c>NAME</c> or <c>OWNER/NAME</c>.</summary>
    public static bool IsRepository(string text) =>
        text.Length <= MaxRepositoryLength && Repository().IsMatch(text) && !text.Contains("--", StringComparison.Ordinal)
        && !text.Contains("..", StringComparison.Ordinal) && !text.EndsWith(".git", StringComparison.Ordinal);

    /// <summary>Whether a relative path stays within its folder on every operating system.</summary>
    public static bool IsSafePath(string path) => path.Length <= MaxPathLength && path.Split('/').All(IsSafeName);

    /// <summary>The name of a repository as the name of a folder.</summary>
    public static string AsFolder(string repository) => repository.Replace("/", "--", StringComparison.Ordinal);

    /// <summary>Checks a file name from a server.</summary>
    /// <exception cref="InvalidDataException">It could lead elsewhere.</exception>
    public static string RequireFile(string name, string whose) => !name.Contains('/', StringComparison.Ordinal) && IsSafePath(name)
        ? name
        : throw new InvalidDataException($"{whose}: '{PickleText.Quote(name)}' is not a safe name of a file");

    // Windows accepts device names with any extension and removes trailing dots and blanks.
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
