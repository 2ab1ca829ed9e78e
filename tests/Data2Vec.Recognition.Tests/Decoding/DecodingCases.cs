using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Data2Vec.Audio;
using Data2Vec.IO;
using Data2Vec.Recognition.Decoding;

namespace Data2Vec.Recognition.Tests.Decoding;

/// <summary>Emissions made from texts, and what independent programs find in them. See Fixtures/decoding/cases.py.</summary>
internal sealed class DecodingCases
{
    private static readonly Lazy<DecodingCases> s_all = new(() => new DecodingCases());

    private readonly float[] _values;
    private readonly Dictionary<int, (int Start, int Frames)> _utterances = [];

    private DecodingCases()
    {
        NpyArray array;
        using (GZipStream stream = Open("fix.npy.gz"))
        {
            array = NpyFile.Read(stream);
        }

        _values = array.Floats();
        using (GZipStream stream = Open("fix.arpa.gz"))
        {
            Model = new ArpaModel(TextFile.ReadLines(stream));
        }

        string[] lines;
        using (GZipStream stream = Open("fix.jsonl.gz"))
        {
            lines = [.. TextFile.ReadLines(stream)];
        }

        HotWords = [.. JsonDocument.Parse(lines[0]).RootElement.GetProperty("hot").EnumerateArray().Select(word => word.GetString()!)];
        Cases = [.. lines.Skip(1).Select(line => JsonDocument.Parse(line).RootElement)];
        int start = 0;
        foreach (JsonElement item in Cases)
        {
            int frames = item.GetProperty("frames").GetInt32();
            if (_utterances.TryAdd(item.GetProperty("utterance").GetInt32(), (start, frames)))
            {
                start += frames;
            }
        }

        Assert.Equal(_values.Length, start * Labels.Texts.Count);
        using (GZipStream stream = Open("fix.lex.gz"))
        {
            string path = Path.GetTempFileName();
            File.WriteAllLines(path, TextFile.ReadLines(stream));
            Lexicon = Lexicon.Read(path, Labels);
            File.Delete(path);
        }
    }

    public static DecodingCases All => s_all.Value;

    public static string[] Names => ["<s>", "<pad>", "</s>", "<unk>", "|", .. "ETAONIHSRDLUMWCFGYPBVK'XJQZ".Select(letter => letter.ToString())];

    public CtcLabels Labels { get; } = CtcLabels.Letters(Names);

    public ArpaModel Model { get; }

    public Lexicon Lexicon { get; }

    public string[] HotWords { get; }

    public JsonElement[] Cases { get; }

    public ReadOnlySpan<float> Emissions(JsonElement item) => Emissions(item.GetProperty("utterance").GetInt32());

    public ReadOnlySpan<float> Emissions(int utterance)
    {
        (int start, int frames) = _utterances[utterance];
        return _values.AsSpan(start * Labels.Texts.Count, frames * Labels.Texts.Count);
    }

    public string PathText(CtcTranscript transcript) =>
        string.Concat(transcript.Path.Select(label => label == Labels.Blank ? "_" : Names[label]));

    public static T Setting<T>(JsonElement item, string name, T other) => !item.GetProperty("settings").TryGetProperty(name, out JsonElement value) ? other
        : (T)Convert.ChangeType(value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : value.GetDouble(), typeof(T), CultureInfo.InvariantCulture);

    private static GZipStream Open(string name) =>
        new(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Fixtures", "decoding", name)), CompressionMode.Decompress);
}
