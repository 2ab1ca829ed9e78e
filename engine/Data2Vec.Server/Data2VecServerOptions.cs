using Data2Vec.Kernels;

namespace Data2Vec.Server;

/// <summary>What a server serves, and to whom. All but <see cref="Backend"/> can be in the configuration.</summary>
public sealed class Data2VecServerOptions
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <summary>The usual section of the configuration.</summary>
    public const string Section = "Data2Vec";

    /// <summary>The models by their ids, which requests name.</summary>
    public IDictionary<string, ModelSource> Models { get; } = new Dictionary<string, ModelSource>(StringComparer.Ordinal);

    /// <summary>The limits of a request.</summary>
    public ServerLimits Limits { get; } = new();

    /// <summary>The longest estimated wait of a request in the queue of its model. One that would wait longer gets 429, with the time after which to try again.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A text file with API keys, one per line; null to serve everybody. Requests have one as <c>Authorization: Bearer KEY</c>.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Whether <c>/metrics</c> asks for a key too.</summary>
    public bool ProtectMetrics { get; set; }

    /// <summary>Whether <c>/livez</c>, <c>/startupz</c> and <c>/readyz</c> ask for a key too.</summary>
    public bool ProtectProbes { get; set; }

    /// <summary>
    /// Whether inputs may be <c>http</c> and <c>https</c> URLs, which the server reads from the public internet. Private and local addresses stay refused.
    /// </summary>
    public bool AllowUrls { get; set; }

    /// <summary>Whether there is a page to try the models at <c>/</c>.</summary>
    public bool Page { get; set; } = true;

    /// <summary>Where telemetry is sent by OTLP, for example <c>http://localhost:4317</c>; null to send none, unless the environment has <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>.</summary>
    public Uri? OtlpEndpoint { get; set; }

    /// <summary>Tesseract's names of the languages in memes without text, such as <c>eng+deu</c>.</summary>
    public string OcrLanguages { get; set; } = "eng";

    /// <summary>How long the server keeps answering after it is told to stop. <c>/readyz</c> says 503 meanwhile, so that load balancers learn of it.</summary>
    public TimeSpan StopDelay { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long requests that have begun may take when the server stops.</summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest time that a batch may run before the server counts as dead: <c>/livez</c> then says 503, so that it is started again.</summary>
    public TimeSpan HangTime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Threads of each model on the CPU; 0 for one per core.</summary>
    public int Threads { get; set; }

    /// <summary>The device of the models; null for the CPU.</summary>
    public Backend? Backend { get; set; }

    internal void Validate()
    {
        Require(Models.Count > 0, "there is no model to serve; name one in Models");
        foreach ((string id, ModelSource source) in Models)
        {
            Require(id.Length > 0 && !id.Any(char.IsControl), "a model has an empty id");
            Require(source.Path is not null || source.Load is not null, $"model '{id}' has no Path");
        }

        Require(MaxWait > TimeSpan.Zero && MaxWait <= s_longest, "MaxWait must be positive, and at most a day");
        Require(StopDelay >= TimeSpan.Zero && DrainTime >= TimeSpan.Zero && StopDelay <= s_longest && DrainTime <= s_longest, "StopDelay and DrainTime must be from 0 to a day");
        Require(HangTime > TimeSpan.Zero, "HangTime must be positive");
        Require(Limits is { MaxBodyBytes: > 0, MaxBytesInWork: > 0, MaxInputs: > 0, MaxCharacters: > 0, MaxTokens: > 0, MaxPixels: > 0, MaxSamples: > 0 } && Limits.BodyTime > TimeSpan.Zero, "the limits must be positive");
        Require(Limits.BodyTime <= s_longest, "BodyTime must be at most a day");
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new InvalidDataException($"the options of the server: {problem}");
        }
    }
}
