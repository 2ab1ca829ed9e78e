using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.Tests.Layouts;

namespace Data2Vec.Converters.Tests.HuggingFace;

/// <summary>What the outputs of CTC heads stand for, by the model's own files.</summary>
public sealed class CtcTests : FolderTests
{
    private static readonly string s_fixture = Path.Combine(AppContext.BaseDirectory, "Fixtures", "audio", "audio_tiny_ctc.pt");

    private readonly IReadOnlyList<string> _labels;
    private readonly string _transcript;
    private readonly ReadOnlyMemory<float> _samples;

    public CtcTests()
        : base(null)
    {
        var random = new Random(7);
        _samples = Enumerable.Range(0, 16_000).Select(_ => random.NextSingle() * 2 - 1).ToArray();
        File.Copy(s_fixture, PathOf("fairseq.pt"));
        using SpeechModel fairseq = Load<SpeechModel>("fairseq.pt");
        _labels = fairseq.Config.Labels!;
        _transcript = fairseq.TranscribePrepared(_samples);
        Assert.True(_transcript.Length > 10);
        File.WriteAllText(PathOf("config.json"), LayoutTests.AudioConfigJson(fairseq.Config).ToJsonString());
        Write("preprocessor_config.json", """{"do_normalize": true, "sampling_rate": 16000}""");
        Save([.. Enumerable.Range(0, _labels.Count)], _labels);
    }

    [Fact]
    public void The_blank_is_the_padding_wherever_it_is()
    {
        using SpeechModel expected = Load<SpeechModel>();
        Assert.Equal(_transcript, expected.TranscribePrepared(_samples));

        // Output i of the permuted head is output order[i] of the original.
        int[] order = [.. Enumerable.Range(0, _labels.Count).Reverse()];
        Save(order, _labels);
        Edit("config.json", json => json["pad_token_id"] = order.Length - 1);
        using SpeechModel permuted = Load<SpeechModel>();
        Assert.Equal(order.Length - 1, permuted.Config.Ctc!.Blank);
        Assert.Equal(_transcript, permuted.TranscribePrepared(_samples));
        Edit("config.json", json => json["pad_token_id"] = order.Length);
        Refuse("pad_token_id is 32, and the CTC head has 32 outputs");
    }

    [Fact]
    public void A_decoder_with_a_language_model_goes_beside_the_model_file()
    {
        string file = Path.Combine(Path.GetDirectoryName(Model)!, "speech.d2v"), decoder = Path.ChangeExtension(file, ".lm");
        Write("language_model/attrs.json", "{}");
        Assert.DoesNotContain("language model", CheckpointConverter.Convert(Model, file).Description, StringComparison.Ordinal);
        Assert.False(Directory.Exists(decoder));

        Write("alphabet.json", "{\"labels\": []}");
        Write("language_model/3gram.bin", "model");
        Write("language_model/unigrams.txt", "words");
        Write("language_model/other.txt", "other");
        Assert.EndsWith(", with a language model in speech.lm", CheckpointConverter.Convert(Model, file).Description, StringComparison.Ordinal);
        Assert.Equal(["alphabet.json", "language_model/3gram.bin", "language_model/attrs.json", "language_model/unigrams.txt"], Copied());
        Assert.Equal("model", File.ReadAllText(Path.Combine(decoder, "language_model", "3gram.bin")));

        // Another conversion leaves one model, so that it is clear which one is meant.
        Delete("language_model/3gram.bin");
        Write("language_model/4gram.arpa", "other model");
        CheckpointConverter.Convert(Model, file);
        Assert.Equal(["alphabet.json", "language_model/4gram.arpa", "language_model/attrs.json", "language_model/unigrams.txt"], Copied());

        // A checkpoint without one leaves it: it may be the user's own.
        Delete("language_model/4gram.arpa");
        ConversionResult last = CheckpointConverter.Convert(Model, file);
        Assert.Contains("speech.lm is beside the model file, and transcribe uses its language model", Assert.Single(last.Warnings), StringComparison.Ordinal);
        Assert.Equal(4, Copied().Length);

        string[] Copied() => [.. Directory.GetFiles(decoder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(decoder, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    [Theory, InlineData("tokenizer_config.json"), InlineData("special_tokens_map.json")]
    public void A_padding_token_that_is_not_the_blank_is_refused(string file)
    {
        Edit(file, json => json["pad_token"] = "<pad>");
        Refuse("pad_token_id is 0, the label <s>, but the tokenizer's pad_token is <pad>; make them agree");
        Edit("config.json", json => json["pad_token_id"] = 1);
        Load<SpeechModel>().Dispose();
    }

    [Fact]
    public void The_words_delimiter_and_the_case_are_those_of_the_tokenizer()
    {
        Save([.. Enumerable.Range(0, _labels.Count)], [.. _labels.Select(label => label == "|" ? "#" : label == "E" ? "|" : label)]);
        Edit("tokenizer_config.json", json => json["word_delimiter_token"] = "#");
        using SpeechModel model = Load<SpeechModel>();
        Assert.Equal(_transcript.Replace('E', '|'), model.TranscribePrepared(_samples));
        Edit("tokenizer_config.json", json => json["do_lower_case"] = true);
        using SpeechModel lower = Load<SpeechModel>();
        Assert.Equal(_transcript.Replace('E', '|').ToLowerInvariant(), lower.TranscribePrepared(_samples));
    }

    [Fact]
    public void Phonemes_stand_apart()
    {
        Edit("tokenizer_config.json", json => json["tokenizer_class"] = "Wav2Vec2PhonemeCTCTokenizer");
        using SpeechModel model = Load<SpeechModel>();
        Assert.Equal(string.Join(' ', _transcript.Replace(" ", "|", StringComparison.Ordinal).ToCharArray()), model.TranscribePrepared(_samples));
    }

    [Fact]
    public void The_processor_of_newer_folders_wins_over_the_preprocessor()
    {
        Write("processor_config.json", """{"feature_extractor": {"do_normalize": false, "sampling_rate": 8000}}""");
        using SpeechModel both = Load<SpeechModel>();
        Delete("preprocessor_config.json");
        using SpeechModel nested = Load<SpeechModel>();
        Assert.Equal((false, 8000), (both.Config.Normalize, both.SampleRate));
        Assert.Equal((false, 8000), (nested.Config.Normalize, nested.SampleRate));
    }

    // The texts are what fairseq's post_process gives for the symbols joined by spaces.
    [Theory]
    [InlineData("letter", "T,|,O,|,|,N E,|", "T O  NE")]
    [InlineData("sentencepiece", "\u2581the,\u2581qu,ick", "the quick")]
    [InlineData("wordpiece", "_un,able,_to", "unable to")]
    [InlineData("_EOW", "th,e_EOW,cat_EOW", "the cat")]
    [InlineData("subword_nmt", "un@@,able,to@@", "unable to")]
    [InlineData("@@", "un@@,able", "un able")]
    [InlineData("silence", "ow,<SIL>,ih,21", "ow ih 21")]
    [InlineData("none", "ow,ih,21", "ow ih 21")]
    public void Symbols_become_text_as_fairseqs_post_process_has_it(string name, string symbols, string text)
    {
        string[] labels = ["<s>", "<pad>", "</s>", "<unk>", .. symbols.Split(',').Distinct()];
        CtcLabels ctc = CtcTexts.Fairseq(labels, name, 0);

        // A blank between all symbols keeps equal ones apart.
        float[] logits = [.. symbols.Split(',').SelectMany(symbol => new[] { symbol, "<s>", "</s>" }).SelectMany(symbol => labels.Select(label => label == symbol ? 1f : 0f))];
        Assert.Equal(text, new GreedyCtcDecoder(ctc).Decode(logits)[0].Text);
    }

    [Fact]
    public void The_criterion_of_a_fairseq_checkpoint_says_how_symbols_become_text()
    {
        using (ZipArchive zip = ZipFile.Open(PathOf("fairseq.pt"), ZipArchiveMode.Update))
        {
            ZipArchiveEntry entry = zip.Entries.Single(item => item.Name == "data.pkl");
            using var pickle = new MemoryStream();
            using (Stream stream = entry.Open())
            {
                stream.CopyTo(pickle);
            }

            // BINUNICODE: X, the length, the text.
            string changed = Encoding.Latin1.GetString(pickle.ToArray()).Replace("X\u0006\0\0\0letter", "X\u0004\0\0\0none", StringComparison.Ordinal);
            string name = entry.FullName;
            entry.Delete();
            using Stream written = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
            written.Write(Encoding.Latin1.GetBytes(changed));
        }

        using SpeechModel model = Load<SpeechModel>("fairseq.pt");
        Assert.Equal(string.Join(' ', _transcript.Replace(" ", "|", StringComparison.Ordinal).ToCharArray()), model.TranscribePrepared(_samples));
    }

    /// <summary>Saves the model with its outputs in another order, and the vocabulary with those outputs.</summary>
    private void Save(int[] order, IReadOnlyList<string> labels)
    {
        StateDict weights = StateDict.OfFairseq("audio", "audio_tiny_ctc.pt").Rename(LayoutTests.AudioNames);
        (long[] shape, float[] matrix) = weights["lm_head.weight"];
        int hidden = (int)shape[1];
        weights["lm_head.weight"] = (shape, [.. order.SelectMany(row => matrix[(row * hidden)..((row + 1) * hidden)])]);
        float[] bias = weights["lm_head.bias"].Values;
        weights["lm_head.bias"] = ([order.Length], [.. order.Select(row => bias[row])]);
        File.WriteAllBytes(PathOf("model.safetensors"), weights.ToSafetensors());
        Write("vocab.json", new JsonObject([.. order.Select((row, i) => KeyValuePair.Create(labels[row], (JsonNode?)i))]).ToJsonString());
    }
}
