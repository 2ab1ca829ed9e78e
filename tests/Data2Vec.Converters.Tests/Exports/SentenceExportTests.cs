using System.Text.Json.Nodes;
using Data2Vec.Converters.Exports;
using Data2Vec.Converters.Tests.HuggingFace;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Exports;

/// <summary>Models of sentence-transformers keep their settings when they are exported and converted again.</summary>
public sealed class SentenceExportTests() : FolderTests(null)
{
    [Theory]
    [InlineData("bert", null, "1_Pooling/config.json", "modules.json", "sentence_bert_config.json")]
    [InlineData("bert", "bert_cls_mean_max", "modules.json")]
    [InlineData("bert", "bert_mean_sqrt_len", "modules.json")]
    [InlineData("bert", "bert_weightedmean", "modules.json")]
    [InlineData("bert", "bert_lasttoken", "modules.json")]
    [InlineData("bert", "bert_max_dense", "2_Dense/config.json", "2_Dense/model.safetensors")]
    [InlineData("roberta_mean", null, "modules.json")]
    [InlineData("old_layout", null, "modules.json")]
    [InlineData("no_modules", null)]
    public void A_model_has_equal_bits_and_settings_after_its_export(string folder, string? others, params string[] written)
    {
        Copy($"sentences/{folder}");
        if (others is not null)
        {
            Copy($"sentences/{others}");
        }

        string exported = Exported(out byte[] before);
        Assert.All(written, file => Assert.True(File.Exists(Path.Combine(exported, file)), file));
        Assert.Equal(before, Reconverted(exported));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Prompts_lower_case_and_every_activation_are_kept(bool isIncluded)
    {
        Copy("sentences/bert");
        Copy("sentences/bert_max_dense");
        Edit("config_sentence_transformers.json", json => (json["prompts"], json["default_prompt_name"]) = (new JsonObject { ["query"] = "query: ", ["passage"] = "" }, "query"));
        Edit("sentence_bert_config.json", json => (json["do_lower_case"], json["max_seq_length"]) = (true, null));
        Edit("1_Pooling/config.json", json => json["include_prompt"] = isIncluded);
        foreach (string activation in (string[])["activation.GELU", "activation.ReLU", "linear.Identity"])
        {
            Edit("2_Dense/config.json", json => json["activation_function"] = $"torch.nn.modules.{activation}");
            string exported = Exported(out byte[] before);
            Assert.Equal(before, Reconverted(exported));
        }
    }

    [Fact]
    public void What_fairseq_cannot_keep_is_named()
    {
        Copy("sentences/roberta_mean");
        Edit("1_Pooling/config.json", json => (json["pooling_mode_mean_tokens"], json["pooling_mode_cls_token"]) = (false, true));
        Edit("config_sentence_transformers.json", json => json["prompts"] = new JsonObject { ["query"] = "query: " });
        string path = PathOf("model.d2v");
        CheckpointConverter.Convert(Model, path);
        using D2vFile file = D2vFile.Open(path);
        string message = Assert.Throws<InvalidDataException>(() => FairseqExport.Write(PathOf("model.pt"), file)).Message;
        Assert.Contains("the pooling cls", message, StringComparison.Ordinal);
        Assert.Contains("prompts, which a checkpoint of fairseq cannot keep; export it to Hugging Face", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_sentence_transformers_does_not_have_are_refused()
    {
        Copy("sentences/bert");
        string path = PathOf("model.d2v");
        CheckpointConverter.Convert(Model, path);
        Refuse(config => config["preparation"]!["strip"] = false, "keeps white space");
        Refuse(config => config["preparation"]!["long_texts"] = "chunk", "splits long texts into windows");
        Refuse(config => config["preparation"]!["prefix"] = "text: ", "which is not among its prompts");

        void Refuse(Action<JsonObject> change, string reason)
        {
            using D2vFile file = D2vFile.Open(Fairseq.ModelFiles.WithConfig(path, change));
            Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => HuggingFaceExport.Write(PathOf("refused"), file)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_folder_with_modules_of_another_model_is_refused()
    {
        Copy("sentences/no_modules");
        string exported = Exported(out _);
        File.WriteAllText(Path.Combine(exported, "modules.json"), "[]");
        Assert.Contains("modules.json describes another model", Assert.Throws<IOException>(() => Exported(out _)).Message, StringComparison.Ordinal);
    }

    private string Exported(out byte[] contents)
    {
        string path = PathOf("first.d2v"), folder = PathOf("exported");
        CheckpointConverter.Convert(Model, path, new ConversionOptions { SourceName = "model" });
        using D2vFile file = D2vFile.Open(path);
        HuggingFaceExport.Write(folder, file);
        contents = Contents(path);
        return folder;
    }

    private byte[] Reconverted(string folder)
    {
        string path = PathOf("second.d2v");
        CheckpointConverter.Convert(folder, path, new ConversionOptions { SourceName = "model" });
        using TextModel first = Data2VecModel.Load<TextModel>(PathOf("first.d2v")), second = Data2VecModel.Load<TextModel>(path);
        const string Text = "The HARBOUR was closed";
        Assert.Equal(first.Embed(Text), second.Embed(Text));
        Assert.Equal(first.Tokenize(Text, new EmbeddingOptions()).Windows[0].Ids, second.Tokenize(Text, new EmbeddingOptions()).Windows[0].Ids);
        return Contents(path);
    }

    /// <summary>What the file says of the structure and the settings, and the bits of its tensors and assets.</summary>
    private static byte[] Contents(string path)
    {
        using D2vFile file = D2vFile.Open(path);
        return
        [
            .. System.Text.Encoding.UTF8.GetBytes($"{file.Architecture} {file.Config.GetRawText()} {string.Join(' ', file.Tensors.Keys.Order(StringComparer.Ordinal))}"),
            .. file.Tensors.Keys.Order(StringComparer.Ordinal).SelectMany(name => TrainedModel.Read(file, name)).SelectMany(BitConverter.GetBytes),
            .. file.Assets.Keys.Order(StringComparer.Ordinal).SelectMany(name => file.Asset(name).ToArray()),
        ];
    }
}
