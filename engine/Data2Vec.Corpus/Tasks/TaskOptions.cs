using System.Text.Json.Nodes;
using Data2Vec.Audio;

namespace Data2Vec.Corpus;

/// <summary>Options in the file of a job. What has its default is left out.</summary>
internal static class TaskOptions
{
    public static void Add(JsonObject json, EmbeddingOptions options, int? imageSize)
    {
        Set(json, "layer", options.Layer);
        Set(json, "pooling", options.Pooling is { } pooling ? PoolingNames.OptionOf(pooling) : null);
        Set(json, "normalize", options.Normalize);
        Set(json, "prompt", options.Prompt);
        Set(json, "prompt_name", options.PromptName);
        AddInputs(json, options);
        Set(json, "image_size", imageSize);
    }

    public static void AddInputs(JsonObject json, InputOptions options)
    {
        Set(json, "long_texts", options.LongTexts?.ToString().ToLowerInvariant());
        Set(json, "max_tokens", options.MaxTokens);
        Set(json, "split_special_tokens", options.SplitSpecialTokens ? true : null);
        Set(json, "long_recordings", options.LongRecordings?.ToString().ToLowerInvariant());
        if (options.Windows is { } windows)
        {
            json["windows"] = new JsonObject
            {
                ["length"] = windows.Length.TotalSeconds,
                ["stride"] = windows.Stride.TotalSeconds,
                ["longest_whole"] = windows.LongestWhole?.TotalSeconds,
            };
        }
    }

    public static void Set(JsonObject json, string name, JsonNode? value)
    {
        if (value is not null)
        {
            json[name] = value;
        }
    }

    public static EmbeddingOptions ReadEmbedding(JsonObject json) => new()
    {
        Layer = (int?)json["layer"],
        Pooling = (string?)json["pooling"] is { } pooling ? ReadPooling(pooling) : null,
        Normalize = (bool?)json["normalize"],
        Prompt = (string?)json["prompt"],
        PromptName = (string?)json["prompt_name"],
        LongTexts = ReadEnum<LongTextPolicy>(json, "long_texts"),
        MaxTokens = (int?)json["max_tokens"],
        SplitSpecialTokens = (bool?)json["split_special_tokens"] ?? false,
        LongRecordings = ReadEnum<LongRecordingPolicy>(json, "long_recordings"),
        Windows = ReadWindows(json),
    };

    public static ClassificationOptions ReadClassification(JsonObject json) => new()
    {
        LongTexts = ReadEnum<LongTextPolicy>(json, "long_texts"),
        MaxTokens = (int?)json["max_tokens"],
        SplitSpecialTokens = (bool?)json["split_special_tokens"] ?? false,
    };

    public static RecordingWindows? ReadWindows(JsonObject json) => json["windows"] is JsonObject windows
        ? new RecordingWindows
        {
            Length = TimeSpan.FromSeconds((double)windows["length"]!),
            Stride = TimeSpan.FromSeconds((double)windows["stride"]!),
            LongestWhole = (double?)windows["longest_whole"] is { } longest ? TimeSpan.FromSeconds(longest) : null,
        }
        : null;

    public static T? ReadEnum<T>(JsonObject json, string name)
        where T : struct, Enum => (string?)json[name] is not { } value ? null
        : Enum.TryParse(value, ignoreCase: true, out T known) ? known : throw new InvalidDataException($"'{name}' is '{value}', which this version does not know");

    private static Pooling ReadPooling(string text) => text.Split('+')
        .Select(name => PoolingNames.All.FirstOrDefault(known => known.Option == name)?.Pooling ?? throw new InvalidDataException($"'pooling' is '{text}', which this version does not know"))
        .Aggregate((all, part) => all | part);
}
