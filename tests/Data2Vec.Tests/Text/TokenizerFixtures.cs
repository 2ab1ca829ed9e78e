using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Text;

namespace Data2Vec.Tests.Text;

/// <summary>
/// The tokenizer files of the small text model (byte-level BPE with 4,096 tokens), the same vocabulary in Hugging Face's formats, and texts
/// with the ids of other implementations.
/// </summary>
internal static class TokenizerFixtures
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Text", "Fixtures");

    public static byte[] EncoderJson { get; } = Bytes("encoder.json");

    public static byte[] VocabBpe { get; } = Bytes("vocab.bpe");

    public static byte[] DictTxt { get; } = Bytes("dict.txt");

    public static TextTokenizer Tokenizer { get; } = TextTokenizer.FromFairseq(EncoderJson, VocabBpe, DictTxt);

    /// <summary>Texts with ids computed by fairseq.</summary>
    public static IReadOnlyList<(string Text, int[] Ids)> FairseqCases { get; } =
        [.. JsonNode.Parse(Bytes("fairseq_cases.json"))!.AsArray().Select(node => ((string)node!["text"]!, Integers(node["ids"]!)))];

    /// <summary>Texts with ids computed by Fixtures/make_reference.py.</summary>
    public static IReadOnlyList<(string Text, int[] Ids)> Reference { get; } = ReadReference();

    /// <summary>The content of vocab.json: tokens and the model's ids, including special tokens, like the published RoBERTa.</summary>
    public static Dictionary<string, int> HuggingFaceVocabulary()
    {
        Dictionary<string, int> encoder = JsonSerializer.Deserialize<Dictionary<string, int>>(EncoderJson)!;
        Dictionary<int, string> tokenOfBpeId = encoder.ToDictionary(pair => pair.Value, pair => pair.Key);
        Dictionary<string, int> vocabulary = new() { ["<s>"] = 0, ["<pad>"] = 1, ["</s>"] = 2, ["<unk>"] = 3 };
        foreach (string line in File.ReadLines(Path.Combine(s_folder, "dict.txt")))
        {
            string word = line.Split(' ')[0];
            vocabulary.Add(int.TryParse(word, out int bpeId) ? tokenOfBpeId[bpeId] : word, vocabulary.Count);
        }

        vocabulary.Add("<mask>", vocabulary.Count);
        return vocabulary;
    }

    public static byte[] VocabJson() => JsonSerializer.SerializeToUtf8Bytes(HuggingFaceVocabulary());

    /// <summary>A tokenizer.json in the form that the tokenizers library writes for RoBERTa.</summary>
    public static JsonObject TokenizerJson(bool mergesAsPairs)
    {
        Dictionary<string, int> vocabulary = HuggingFaceVocabulary();
        JsonArray merges = [];
        foreach (string merge in Encoding.UTF8.GetString(VocabBpe).Split('\n').Skip(1).Where(line => line.Length > 0))
        {
            string[] pair = merge.Split(' ');
            merges.Add(mergesAsPairs ? new JsonArray(pair[0], pair[1]) : (JsonNode)merge);
        }

        JsonArray added = [];
        foreach (string name in (string[])["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
        {
            added.Add(new JsonObject
            {
                ["id"] = vocabulary[name],
                ["content"] = name,
                ["single_word"] = false,
                ["lstrip"] = name == "<mask>",
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            });
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "RobertaProcessing",
                ["sep"] = new JsonArray("</s>", 2),
                ["cls"] = new JsonArray("<s>", 0),
                ["trim_offsets"] = true,
                ["add_prefix_space"] = false,
            },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = "",
                ["end_of_word_suffix"] = "",
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["vocab"] = JsonSerializer.SerializeToNode(vocabulary),
                ["merges"] = merges,
            },
        };
    }

    public static byte[] Utf8(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(s_folder, name));

    private static int[] Integers(JsonNode array) => [.. array.AsArray().Select(node => (int)node!)];

    private static List<(string Text, int[] Ids)> ReadReference()
    {
        using GZipStream stream = new(File.OpenRead(Path.Combine(s_folder, "reference.jsonl.gz")), CompressionMode.Decompress);
        using StreamReader reader = new(stream);
        List<(string Text, int[] Ids)> cases = [];
        while (reader.ReadLine() is { } line)
        {
            JsonArray pair = JsonNode.Parse(line)!.AsArray();
            cases.Add(((string)pair[0]!, Integers(pair[1]!)));
        }

        return cases;
    }
}
