using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Converters.Exports;
using Data2Vec.Converters.Safetensors;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Parameters;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Tests.Exports;

public sealed class HuggingFaceExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    private string Exported => Path.Combine(_folder, "exported");

    private string Converted => Path.Combine(_folder, "converted.d2v");

    [Theory]
    [InlineData("audio/audio_tiny.pt", "Data2VecAudioModel", "masked_spec_embed", "encoder.layers.3.attention.k_proj.bias")]
    [InlineData("audio/audio_tiny_ctc.pt", "Data2VecAudioForCTC", "data2vec_audio.feature_projection.projection.weight", "lm_head.bias")]
    [InlineData("text/text_tiny.pt", "Data2VecTextModel", "embeddings.token_type_embeddings.weight", "encoder.layer.0.attention.self.query.weight")]
    [InlineData("text/text_tiny_cls.pt", "Data2VecTextForSequenceClassification", "data2vec_text.embeddings.LayerNorm.weight", "classifier.out_proj.weight")]
    [InlineData("vision/vision_tiny.pt", "Data2VecVisionModel", "embeddings.mask_token", "encoder.layer.2.attention.attention.value.weight")]
    public void ReadsBackWithEqualBits(string file, string architecture, params string[] names)
    {
        using var model = new TrainedModel(file);
        HuggingFaceExport.Write(Exported, model.Student);

        using (var weights = SafetensorsFile.Open(Path.Combine(Exported, "model.safetensors")))
        {
            Assert.All(names, name => Assert.True(weights.Tensors.ContainsKey(name), name));
        }

        Assert.Equal(architecture, Read("config.json")["architectures"]![0]!.GetValue<string>());
        CheckpointConverter.Convert(Exported, Converted);
        model.AssertIsEncoderOf(Converted);
        using D2vFile converted = D2vFile.Open(Converted);
        JsonObject expected = model.Config.ToJson(), actual = JsonNode.Parse(converted.Config.GetRawText())!.AsObject();
        if (model.Config is AudioConfig { Labels: { } labels })
        {
            // fairseq's blank <s> is transformers' <pad>.
            Assert.Equal(["<pad>", "<s>", .. labels.Skip(2)], actual["labels"]!.AsArray().Select(label => label!.GetValue<string>()));
            AudioConfig config = AudioConfig.FromJson(converted.Config);
            Assert.Equal(CtcLabels.Letters(labels), config.Ctc ?? CtcLabels.Letters(config.Labels!));
            expected.Remove("labels");
            actual.Remove("labels");
            actual.Remove("ctc");
        }

        Assert.Equal(expected.ToJsonString(), actual.ToJsonString());
    }

    [Fact]
    public void ReadsBackAnImageClassifier()
    {
        using var model = new TrainedModel("vision/vision_tiny_cls.pt");
        string message = Assert.Throws<InvalidDataException>(() => HuggingFaceExport.Write(Exported, model.Student)).Message;
        Assert.Contains("all patches but the first", message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Exported));

        string path = Fairseq.ModelFiles.WithConfig(Path.Combine(model.Folder, "student.d2v"), config => config["pool_skips_first_patch"] = false);
        using D2vFile file = D2vFile.Open(path);
        HuggingFaceExport.Write(Exported, file);
        CheckpointConverter.Convert(Exported, Converted);
        model.AssertIsEncoderOf(Converted);
        using D2vFile converted = D2vFile.Open(Converted);
        Assert.Equal(file.Config.GetRawText(), converted.Config.GetRawText());
    }

    [Fact]
    public void ReadsBackABertWithItsVocabulary()
    {
        string source = Path.Combine(_folder, "source.d2v");
        CheckpointConverter.Convert(Path.Combine(AppContext.BaseDirectory, "Fixtures", "bert", "hf"), source);
        using D2vFile file = D2vFile.Open(source);
        HuggingFaceExport.Write(Exported, file);
        CheckpointConverter.Convert(Exported, Converted);
        AssertSame(file);
    }

    [Fact]
    public void ReadsBackATextModelWithItsBytePairs()
    {
        // A token for each byte, names at their places, one merge, and an id that nothing uses.
        string[] bytes = [.. Enumerable.Range(0, 256).Select(value => value is > 32 and < 127 or > 160 and not 173
            ? ((char)value).ToString()
            : ((char)(256 + Enumerable.Range(0, value).Count(other => other is <= 32 or (>= 127 and <= 160) or 173))).ToString())];
        string[] entries = ["<s>", "<pad>", "</s>", "<unk>", .. bytes, "th", "madeupword0", "<mask>"];
        var vocabulary = new JsonObject([.. entries.Select((entry, id) => KeyValuePair.Create(entry, (JsonNode?)id))]);
        TextTokenizer tokenizer = TextTokenizer.FromVocabAndMerges(Encoding.UTF8.GetBytes(vocabulary.ToJsonString()), "#version: 0.2\nt h\n"u8.ToArray());
        tokenizer = tokenizer.With([new AddedToken(entries.Length - 1, "<mask>") { Special = true, LeftStrip = true }], true);
        var config = new TextConfig
        {
            VocabularySize = entries.Length + 1,
            MaxTokens = 20,
            HiddenSize = 16,
            Layers = 1,
            Heads = 2,
            FeedForwardSize = 32,
            AddedTokens = tokenizer.AddedTokens,
            AddPrefixSpace = true,
            Labels = ["no", "yes"],
            HeadFunction = HeadFunction.Sigmoid,
        };
        TextTokenizerAssets assets = tokenizer.ToAssets();
        string source = Path.Combine(_folder, "source.d2v");
        WriteInitial(source, config, (TextModel.VocabularyAsset, assets.Vocabulary), (TextModel.MergesAsset, assets.Merges!.Value));

        using D2vFile file = D2vFile.Open(source);
        HuggingFaceExport.Write(Exported, file);
        CheckpointConverter.Convert(Exported, Converted);
        using TextModel before = (TextModel)Data2VecModel.Load(source), after = (TextModel)Data2VecModel.Load(Converted);
        const string Text = "the <mask> mouse\nétait là";
        Assert.Equal(before.Tokenizer!.Encode(Text), after.Tokenizer!.Encode(Text));
        Assert.Equal(before.Config.Labels, after.Config.Labels);
        Assert.Equal(before.Config.HeadFunction, after.Config.HeadFunction);
        Assert.Equal(before.Embed(Text), after.Embed(Text));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadsBackALabelSetOfTransformers(bool isLower)
    {
        string[] labels = ["|", "A", "B", "[UNK]", "[PAD]"];
        var config = new AudioConfig
        {
            FeatureExtractor = [new Conv1dShape(1, 8, 10, 5), new Conv1dShape(8, 8, 3, 2)],
            PositionalConvolution = [.. Enumerable.Repeat(new Conv1dShape(16, 16, 5, 1, 2, 4), 2)],
            HiddenSize = 16,
            Layers = 1,
            Heads = 2,
            FeedForwardSize = 32,
            Normalize = false,
            SampleRate = 8_000,
            Labels = labels,
            Ctc = new CtcLabels(4, [" ", isLower ? "a" : "A", isLower ? "b" : "B", "", ""]),
        };
        string source = Path.Combine(_folder, "source.d2v");
        WriteInitial(source, config);
        using D2vFile file = D2vFile.Open(source);
        HuggingFaceExport.Write(Exported, file);
        CheckpointConverter.Convert(Exported, Converted);
        AssertSame(file);

        WriteInitial(source, config with { Ctc = new CtcLabels(4, ["-", "A", "B", "", ""]) });
        using D2vFile other = D2vFile.Open(source);
        Assert.Contains("no tokenizer that gives the same texts", Assert.Throws<InvalidDataException>(() => HuggingFaceExport.Write(Exported, other)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void KeepsThePreprocessingOfImages(bool isSquashed)
    {
        var config = new VisionConfig
        {
            Preprocessing = isSquashed
                ? ImagePreprocessing.Squash(16, ImagePreprocessing.Half, new ChannelValues(0.1f, 0.2f, 0.3f))
                : ImagePreprocessing.ResizeThenCentreCrop(20, 16, ImagePreprocessing.ImageNetMean, ImagePreprocessing.ImageNetStandardDeviation),
            ImageSize = 16,
            PatchSize = 8,
            HiddenSize = 16,
            Layers = 2,
            Heads = 2,
            FeedForwardSize = 24,
            Epsilon = 1e-6f,
            HasFinalNorm = true,
        };
        string source = Path.Combine(_folder, "source.d2v");
        WriteInitial(source, config);
        using D2vFile file = D2vFile.Open(source);
        HuggingFaceExport.Write(Exported, file);
        CheckpointConverter.Convert(Exported, Converted);
        AssertSame(file);
    }

    [Fact]
    public void RefusesOtherArchitectures()
    {
        string source = Path.Combine(_folder, "source.d2v");
        WriteInitial(source, new VisionConfig
        {
            Architecture = "data2vec2-vision",
            Preprocessing = ImagePreprocessing.Squash(16, ImagePreprocessing.Half, ImagePreprocessing.Half),
            ImageSize = 16,
            PatchSize = 8,
            HiddenSize = 16,
            Layers = 1,
            Heads = 2,
            FeedForwardSize = 24,
            HasFinalNorm = false,
        });
        using D2vFile file = D2vFile.Open(source);
        const string Expected = "data2vec2-vision are not exported";
        Assert.Contains(Expected, Assert.Throws<InvalidDataException>(() => HuggingFaceExport.Write(Exported, file)).Message, StringComparison.Ordinal);
        Assert.Contains(Expected, Assert.Throws<InvalidDataException>(() => FairseqExport.Write(Converted, file)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private JsonObject Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Exported, name)))!.AsObject();

    private void AssertSame(D2vFile expected)
    {
        using D2vFile converted = D2vFile.Open(Converted);
        Assert.Equal(expected.Architecture, converted.Architecture);
        Assert.Equal(expected.Config.GetRawText(), converted.Config.GetRawText());
        Assert.Equal(expected.Tensors.Keys.Order(), converted.Tensors.Keys.Order());
        Assert.All(expected.Tensors.Keys, name => Assert.Equal(TrainedModel.Read(expected, name), TrainedModel.Read(converted, name)));
        Assert.Equal(expected.Assets.Keys.Order(), converted.Assets.Keys.Order());
        Assert.All(expected.Assets.Keys, name => Assert.Equal(expected.Asset(name).ToArray(), converted.Asset(name).ToArray()));
    }

    private static void WriteInitial(string path, ModelConfig config, params (string Name, ReadOnlyMemory<byte> Bytes)[] assets)
    {
        Parameter[] parameters = [.. config.ListParameters().Where(parameter => !parameter.Name.StartsWith("relative_position", StringComparison.Ordinal))];
        var contents = new D2vContents { Architecture = config.Architecture, Config = config.ToJson(), Tensors = [.. parameters.Select(parameter => parameter.Declare(ElementType.F32))] };
        foreach ((string name, ReadOnlyMemory<byte> bytes) in assets)
        {
            contents.Assets.Add(name, bytes);
        }

        using D2vWriter writer = D2vWriter.Create(path, contents);
        foreach (Parameter parameter in parameters)
        {
            writer.Write(parameter.Name, (start, destination) => InitialValue.Normal(1).Fill(parameter, 1, start, destination));
        }

        writer.Complete();
    }
}
