using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Converters.Tests.Safetensors;

namespace Data2Vec.Converters.Tests.Hub;

/// <summary>The files of a <c>Data2VecTextModel</c> of one layer and random weights, as transformers saves them.</summary>
internal static class TinyModel
{
    private const int Hidden = 32;
    private const int Tokens = 100;

    public const string Weights = "model.safetensors";
    public const string Index = "model.safetensors.index.json";

    /// <summary>All files but the weights.</summary>
    public static Dictionary<string, byte[]> Others()
    {
        string[] tokens = ["<s>", "<pad>", "</s>", "<unk>", .. Enumerable.Range('!', 94).Select(letter => $"{(char)letter}"), "Ġ", "<mask>"];
        return new Dictionary<string, byte[]>
        {
            ["config.json"] = Json(new JsonObject
            {
                ["model_type"] = "data2vec-text",
                ["vocab_size"] = Tokens,
                ["max_position_embeddings"] = 34,
                ["type_vocab_size"] = 1,
                ["hidden_size"] = Hidden,
                ["num_hidden_layers"] = 1,
                ["num_attention_heads"] = 4,
                ["intermediate_size"] = Hidden,
                ["layer_norm_eps"] = 1e-5,
            }),
            ["vocab.json"] = Json(new JsonObject([.. tokens.Select((token, i) => KeyValuePair.Create(token, (JsonNode?)i))])),
            ["merges.txt"] = "#version: 0.2\n"u8.ToArray(),
            ["README.md"] = "# Not needed\n"u8.ToArray(),
        };
    }

    /// <summary>The model with all weights in one file.</summary>
    public static Dictionary<string, byte[]> Whole(int seed = 1) => new(Others()) { [Weights] = Save(Tensors(seed)) };

    /// <summary>The model with its weights in two files.</summary>
    /// <param name="second">What the index calls the second.</param>
    public static Dictionary<string, byte[]> Sharded(string second = "model-00002-of-00002.safetensors")
    {
        (string Name, long[] Shape)[] tensors = [.. Tensors(1).Select(tensor => (tensor.Name, tensor.Shape))];
        const string First = "model-00001-of-00002.safetensors";
        var map = new JsonObject([.. tensors.Select((tensor, i) => KeyValuePair.Create(tensor.Name, (JsonNode?)(i % 2 == 0 ? First : second)))]);
        return new Dictionary<string, byte[]>(Others())
        {
            [Index] = Json(new JsonObject { ["weight_map"] = map }),
            [First] = Save(Tensors(1).Where((_, i) => i % 2 == 0)),
            [second] = Save(Tensors(1).Where((_, i) => i % 2 == 1)),
        };
    }

    private static byte[] Json(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private static byte[] Save(IEnumerable<(string Name, long[] Shape, float[] Values)> tensors)
    {
        var file = new SafetensorsBuilder();
        foreach ((string name, long[] shape, float[] values) in tensors)
        {
            file.Tensor(name, "F32", shape, SafetensorsBuilder.Floats(values));
        }

        return file.ToArray();
    }

    private static IEnumerable<(string Name, long[] Shape, float[] Values)> Tensors(int seed)
    {
        var random = new Random(seed);
        yield return Random("embeddings.word_embeddings.weight", Tokens, Hidden);
        yield return Random("embeddings.position_embeddings.weight", 34, Hidden);
        yield return Random("embeddings.token_type_embeddings.weight", 1, Hidden);
        foreach (string norm in new[] { "embeddings.LayerNorm", "encoder.layer.0.attention.output.LayerNorm", "encoder.layer.0.output.LayerNorm" })
        {
            yield return Random($"{norm}.weight", Hidden);
            yield return Random($"{norm}.bias", Hidden);
        }

        foreach (string linear in new[] { "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense" })
        {
            yield return Random($"encoder.layer.0.{linear}.weight", Hidden, Hidden);
            yield return Random($"encoder.layer.0.{linear}.bias", Hidden);
        }

        (string, long[], float[]) Random(string name, params long[] shape) =>
            (name, shape, [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)]);
    }
}
