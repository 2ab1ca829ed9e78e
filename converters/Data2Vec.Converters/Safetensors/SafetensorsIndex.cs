using System.Text.Json;

namespace Data2Vec.Converters.Safetensors;

/// <summary>The index of tensors that are spread over several files: <c>{ "weight_map": { tensor: file } }</c>. What else it says is ignored.</summary>
internal static class SafetensorsIndex
{
    private const int MaxBytes = 25_000_000;
    private const int MaxNameLength = 255;
    private const int MaxShards = 4096;

    /// <summary>Reads the file of each tensor, whose name must end in an extension.</summary>
    /// <exception cref="InvalidDataException">It is no index; the message does not name the file.</exception>
    public static Dictionary<string, string> Read(string path, string extension = ".safetensors")
    {
        using FileStream stream = File.OpenRead(path);
        InvalidData.ThrowIf(stream.Length > MaxBytes, $"the index has {stream.Length} bytes, of which {MaxBytes} are allowed");
        byte[] json = new byte[stream.Length];
        stream.ReadExactly(json);
        try
        {
            return Parse(json, extension);
        }
        catch (Exception error) when (JsonTokens.IsBrokenJson(error))
        {
            throw new InvalidDataException($"the index is not valid JSON: {error.Message}", error);
        }
    }

    private static Dictionary<string, string> Parse(ReadOnlySpan<byte> json, string extension)
    {
        Dictionary<string, string>? map = null;
        Utf8JsonReader reader = JsonTokens.Open(json, "the index", maxDepth: 64);
        while (JsonTokens.NextName(ref reader) is { } name)
        {
            if (name != "weight_map")
            {
                reader.Skip();
                continue;
            }

            InvalidData.ThrowIf(map is not null, "the index has 'weight_map' twice");
            map = ParseMap(ref reader, extension);
        }

        JsonTokens.End(ref reader);
        return map ?? throw new InvalidDataException("the index lacks 'weight_map'");
    }

    private static Dictionary<string, string> ParseMap(ref Utf8JsonReader reader, string extension)
    {
        var map = new Dictionary<string, string>();
        var files = new HashSet<string>();
        JsonTokens.EnterObject(ref reader, "'weight_map'");
        while (JsonTokens.NextName(ref reader) is { } tensor)
        {
            string what = $"tensor '{PickleText.Quote(tensor)}'";
            string file = JsonTokens.Text(ref reader, $"the file of {what}");
            InvalidData.ThrowIf(!IsPlainName(file, extension), $"{what} is listed in '{PickleText.Quote(file)}', which is not the plain name of a {extension} file");
            InvalidData.ThrowIf(!map.TryAdd(tensor, file), $"the index has {what} twice");
            InvalidData.ThrowIf(files.Add(file) && files.Count > MaxShards, $"the index names more than {MaxShards} files");
        }

        return map;
    }

    // An index must not reach outside its folder on any system: no folders, drives or streams, nor characters that would
    // hide a name.
    private static bool IsPlainName(string file, string extension) =>
        file.Length > extension.Length && file.Length <= MaxNameLength
        && file.EndsWith(extension, StringComparison.Ordinal)
        && !file.AsSpan().ContainsAny('/', '\\', ':')
        && !file.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter));
}
