using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Data2Vec.Converters.Hub;

/// <summary>Where models come from and where they are cached, as huggingface_hub reads it from the environment.</summary>
public sealed partial record HubOptions
{
    private const string DefaultEndpoint = "https://huggingface.co";
    private const string DefaultFairseqEndpoint = "https://dl.fbaipublicfiles.com/fairseq";
    private const string DefaultHome = "~/.cache";
    private const int MaxTokenBytes = 1 << 16;

    /// <summary>The hub itself.</summary>
    internal static Uri Hub { get; } = new(DefaultEndpoint);

    /// <summary>The address of the hub or of a mirror, <c>http</c> or <c>https</c>.</summary>
    public Uri Endpoint { get; init; } = Hub;

    /// <summary>The token, which is sent to <see cref="Endpoint"/> and to huggingface.co, and to no other host; null sends none.</summary>
    public string? Token { get; init; }

    /// <summary>The folder of the hub's models, shared with huggingface_hub.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The base address of fairseq's checkpoints.</summary>
    public Uri FairseqEndpoint { get; init; } = new(DefaultFairseqEndpoint);

    /// <summary>The folder of fairseq's checkpoints.</summary>
    public required string FairseqCacheFolder { get; init; }

    /// <summary>Whether requests are forbidden.</summary>
    public bool Offline { get; init; }

    /// <summary>Whether the cache may use symbolic links. Without them, or if the file system has none, files are moved and copied.</summary>
    public bool UseSymbolicLinks { get; init; } = true;

    /// <summary>The longest time to wait for an answer.</summary>
    public TimeSpan MetadataTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time a download may stall.</summary>
    public TimeSpan DownloadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The delay before the second attempt if the server does not state one; it doubles with each attempt.</summary>
    internal TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Reads <c>HF_ENDPOINT</c>, <c>HF_TOKEN</c>, <c>HF_TOKEN_PATH</c>, <c>HF_HUB_DISABLE_IMPLICIT_TOKEN</c>, <c>HF_HUB_CACHE</c>,
    /// <c>HUGGINGFACE_HUB_CACHE</c>, <c>HF_HOME</c>, <c>XDG_CACHE_HOME</c>, <c>HF_HUB_OFFLINE</c>, <c>TRANSFORMERS_OFFLINE</c>,
    /// <c>HF_HUB_DISABLE_SYMLINKS</c>, <c>HF_HUB_ETAG_TIMEOUT</c> and <c>HF_HUB_DOWNLOAD_TIMEOUT</c> as huggingface_hub does, and
    /// <c>DATA2VEC_FAIRSEQ_ENDPOINT</c>.
    /// </summary>
    /// <exception cref="ArgumentException">A variable has a value that cannot be used; the message names it.</exception>
    /// <exception cref="IOException">The file of the token cannot be read.</exception>
    public static HubOptions FromEnvironment() =>
        From(Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>The endpoint and the folder. The token must not appear in logs.</summary>
    public override string ToString() => $"{Endpoint}, {CacheFolder}";

    /// <summary>Reads variables from any source.</summary>
    internal static HubOptions From(Func<string, string?> variable, string userFolder)
    {
        string home = PathOf("HF_HOME") ?? Path.Combine(PathOf("XDG_CACHE_HOME") ?? Expand(DefaultHome), "huggingface");
        return new HubOptions
        {
            Endpoint = Address("HF_ENDPOINT", DefaultEndpoint),
            Token = IsOn("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? null : Token(),
            CacheFolder = PathOf("HF_HUB_CACHE") ?? PathOf("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub"),
            FairseqEndpoint = Address("DATA2VEC_FAIRSEQ_ENDPOINT", DefaultFairseqEndpoint),
            FairseqCacheFolder = Path.Combine(home, "data2vec"),
            Offline = IsOn("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"),
            UseSymbolicLinks = !IsOn("HF_HUB_DISABLE_SYMLINKS"),
            MetadataTimeout = Seconds("HF_HUB_ETAG_TIMEOUT"),
            DownloadTimeout = Seconds("HF_HUB_DOWNLOAD_TIMEOUT"),
        };

        string? Value(params string[] names) => names.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value));

        bool IsOn(params string[] names) => Value(names)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

        string? PathOf(string name) => Value(name) is { } path ? Expand(path) : null;

        string Expand(string path)
        {
            path = VariableInPath().Replace(path, match => variable(match.Groups[1].Value.Trim('{', '}')) ?? match.Value);
            return Path.GetFullPath(path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? userFolder + path[1..] : path);
        }

        Uri Address(string name, string whenMissing)
        {
            string address = Value(name) ?? whenMissing;
            return Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && IsHttp(uri)
                ? uri
                : throw new ArgumentException($"{name} is '{address}', which is not an http or https address");
        }

        TimeSpan Seconds(string name)
        {
            string text = Value(name) ?? "10";
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds is >= 1 and <= 86_400
                ? TimeSpan.FromSeconds(seconds)
                : throw new ArgumentException($"{name} is '{text}', which is not a number of seconds from 1 to 86400");
        }

        string? Token()
        {
            string name = "HF_TOKEN";
            string? token = Value(name, "HUGGING_FACE_HUB_TOKEN")?.Trim();
            if (string.IsNullOrEmpty(token))
            {
                name = PathOf("HF_TOKEN_PATH") ?? Path.Combine(home, "token");
                token = File.Exists(name) ? Encoding.UTF8.GetString(SmallFile.Read(name, MaxTokenBytes, "token")).Trim() : null;
            }

            bool isValid = token is null || token.All(letter => letter is > ' ' and <= '~');
            string? given = string.IsNullOrEmpty(token) ? null : token;
            return isValid ? given : throw new ArgumentException($"{name} holds no token: it has blanks or other letters than a token's");
        }
    }

    internal static bool IsHttp(Uri address) => address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps;

    [GeneratedRegex(@"\$(\w+|\{\w+\})")]
    private static partial Regex VariableInPath();
}
