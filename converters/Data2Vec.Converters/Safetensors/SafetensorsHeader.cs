using System.Text.Json;

namespace Data2Vec.Converters.Safetensors;

/// <summary>
/// The JSON header of a safetensors file: <c>{ name: { dtype, shape, data_offsets: [begin, end] } }</c>, and beside the
/// tensors <c>__metadata__</c>, an object of strings.
/// </summary>
internal sealed record SafetensorsHeader(IReadOnlyDictionary<string, SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    public const int MaxBytes = 25_000_000;

    private const int MaxNameLength = 1024;
    private const int MaxDimensions = 64;
    private const int MaxDepth = 3;

    /// <summary>Reads a header. The tensors must fill the rest of the file exactly.</summary>
    /// <exception cref="InvalidDataException">It breaks the format; the message does not name the file.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength)
    {
        InvalidData.ThrowIf(json is not [(byte)'{', ..], "the header does not begin with '{'");
        try
        {
            Utf8JsonReader reader = JsonTokens.Open(json, "the header", MaxDepth);
            var entries = new Dictionary<string, SafetensorsEntry>();
            Dictionary<string, string>? metadata = null;
            while (JsonTokens.NextName(ref reader) is { } name)
            {
                if (name == "__metadata__")
                {
                    InvalidData.ThrowIf(metadata is not null, "the header has '__metadata__' twice");
                    metadata = ParseMetadata(ref reader);
                }
                else
                {
                    InvalidData.ThrowIf(entries.ContainsKey(name), $"the header has tensor '{PickleText.Quote(name)}' twice");
                    entries.Add(name, ParseEntry(ref reader, name));
                }
            }

            JsonTokens.End(ref reader);
            CheckPlaces(entries.Values, dataLength);
            return new SafetensorsHeader(entries, metadata ?? []);
        }
        catch (Exception error) when (JsonTokens.IsBrokenJson(error))
        {
            throw new InvalidDataException($"the header is not valid JSON: {error.Message}", error);
        }
    }

    private static Dictionary<string, string> ParseMetadata(ref Utf8JsonReader reader)
    {
        var metadata = new Dictionary<string, string>();
        JsonTokens.EnterObject(ref reader, "'__metadata__'");
        while (JsonTokens.NextName(ref reader) is { } name)
        {
            string what = $"'{PickleText.Quote(name)}' in '__metadata__'";
            InvalidData.ThrowIf(!metadata.TryAdd(name, JsonTokens.Text(ref reader, what)), $"{what} appears twice");
        }

        return metadata;
    }

    private static SafetensorsEntry ParseEntry(ref Utf8JsonReader reader, string name)
    {
        InvalidData.ThrowIf(
            name.Length is 0 or > MaxNameLength,
            $"the name of tensor '{PickleText.Quote(name)}' has {name.Length} characters; 1 to {MaxNameLength} are allowed");

        string what = $"tensor '{PickleText.Quote(name)}'";
        NumberFormat? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        JsonTokens.EnterObject(ref reader, what);
        while (JsonTokens.NextName(ref reader) is { } property)
        {
            bool twice;
            switch (property)
            {
                case "dtype":
                    twice = type is not null;
                    type = NumberFormat.FromSafetensors(JsonTokens.Text(ref reader, $"the dtype of {what}"));
                    break;
                case "shape":
                    twice = shape is not null;
                    shape = ParseSizes(ref reader, $"the shape of {what}", MaxDimensions);
                    break;
                case "data_offsets":
                    twice = offsets is not null;
                    offsets = ParseSizes(ref reader, $"data_offsets of {what}", 2);
                    break;
                default:
                    throw new InvalidDataException($"{what} has '{PickleText.Quote(property)}', which the format does not know");
            }

            InvalidData.ThrowIf(twice, $"{what} has {property} twice");
        }

        InvalidData.ThrowIf(type is null, $"{what} lacks dtype");
        InvalidData.ThrowIf(shape is null, $"{what} lacks shape");
        InvalidData.ThrowIf(offsets is null, $"{what} lacks data_offsets");
        InvalidData.ThrowIf(offsets.Length != 2, $"data_offsets of {what} holds {offsets.Length} numbers; it takes 2");
        CheckSize(type, shape, offsets[0], offsets[1], what);
        return new SafetensorsEntry(name, type, shape, offsets[0], offsets[1]);
    }

    private static long[] ParseSizes(ref Utf8JsonReader reader, string what, int most)
    {
        var sizes = new List<long>();
        JsonTokens.EnterArray(ref reader, what);
        while (JsonTokens.NextSize(ref reader, what) is { } size)
        {
            InvalidData.ThrowIf(sizes.Count == most, $"{what} holds more than {most} numbers");
            sizes.Add(size);
        }

        return [.. sizes];
    }

    private static void CheckSize(NumberFormat type, long[] shape, long begin, long end, string what)
    {
        InvalidData.ThrowIf(begin > end, $"{what} begins at {begin} but ends at {end}");
        InvalidData.ThrowIf(
            !CheckpointTensor.CanCount(shape, long.MaxValue / NumberFormat.MaxBits),
            $"{what} has more elements than can be counted: [{string.Join(", ", shape)}]");
        if (type.Bits is not { } elementBits)
        {
            return;
        }

        long bits = shape.Contains(0) ? 0 : shape.Aggregate((long)elementBits, (product, size) => product * size);
        string claim = $"{what}: {type.Name} [{string.Join(", ", shape)}] takes";
        InvalidData.ThrowIf(bits % 8 != 0, $"{claim} {bits} bits, not whole bytes");
        InvalidData.ThrowIf(bits / 8 != end - begin, $"{claim} {bits / 8} bytes, but data_offsets [{begin}, {end}] hold {end - begin}");
    }

    /// <summary>Checks that the tensors are contiguous, without gaps or overlaps, and fill the file.</summary>
    private static void CheckPlaces(IEnumerable<SafetensorsEntry> entries, long dataLength)
    {
        SafetensorsEntry? before = null;
        foreach (SafetensorsEntry entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            long expected = before?.End ?? 0;
            string place = before is null ? "the header" : $"tensor '{PickleText.Quote(before.Name)}'";
            string fault = entry.Begin < expected ? "they overlap" : "there is a gap";
            InvalidData.ThrowIf(
                entry.Begin != expected,
                $"tensor '{PickleText.Quote(entry.Name)}' begins at {entry.Begin}, but {place} ends at {expected}: {fault}");
            InvalidData.ThrowIf(
                entry.End > dataLength,
                $"tensor '{PickleText.Quote(entry.Name)}' ends at {entry.End}, " +
                $"but the file has {dataLength} bytes of tensors; it was not downloaded completely");
            before = entry;
        }

        long end = before?.End ?? 0;
        InvalidData.ThrowIf(end != dataLength, $"the tensors end at {end}, but the file has {dataLength} bytes of tensors");
    }
}
