using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Converters.Fairseq;
using Data2Vec.Converters.HuggingFace;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// Speech models, pretrained or with a CTC head: data2vec, data2vec 2.0, wav2vec 2.0 and HuBERT of fairseq, Microsoft's WavLM, and those of Hugging Face. fairseq's but
/// data2vec 2.0, and WavLM, share the column <c>data2vec_audio</c>, transformers' but data2vec the column <c>wav2vec2</c>.
/// </summary>
internal static class AudioLayouts
{
    private const string Fairseq = "data2vec_audio", HuggingFace = "data2vec-audio", Wav2Vec2 = "wav2vec2", Hubert = "hubert";
    private const string Transformer = "encoder.", PositionalConvolution = Transformer + "pos_conv";

    private static readonly LayoutTable s_options = new("""
        model file            | data2vec_audio               | data2vec_multi                       | data2vec-audio                     | wav2vec2
        hidden_size           | encoder_embed_dim = 768      | embed_dim = 768                      | hidden_size = 768                  | hidden_size = 768
        layers                | encoder_layers = 12          | depth = 8                            | num_hidden_layers = 12             | num_hidden_layers = 12
        prenet_layers         |                              | modality/prenet_depth = 4            |                                    |
        heads                 | encoder_attention_heads = 12 | num_heads = 12                       | num_attention_heads = 12           | num_attention_heads = 12
        feed_forward_size     | encoder_ffn_embed_dim = 3072 |                                      | intermediate_size = 3072           | intermediate_size = 3072
        feed_forward_ratio    |                              | mlp_ratio = 4                        |                                    |
        epsilon               | = 1e-5                       | norm_eps = 1e-6                      | layer_norm_eps = 1e-5              | layer_norm_eps = 1e-5
        convolutions          | conv_feature_layers          | modality/feature_encoder_spec        |                                    |
        channels              |                              |                                      | conv_dim = 512 512 512 512 512 512 512 | conv_dim = 512 512 512 512 512 512 512
        kernels               |                              |                                      | conv_kernel = 10 3 3 3 3 2 2       | conv_kernel = 10 3 3 3 3 2 2
        strides               |                              |                                      | conv_stride = 5 2 2 2 2 2 2        | conv_stride = 5 2 2 2 2 2 2
        extractor_norm        | extractor_mode = default     | modality/extractor_mode = layer_norm | = layer                            | feat_extract_norm = group
        extractor_bias        | conv_bias = false            | = false                              | conv_bias = false                  | conv_bias = false
        feature_norm          | = true                       | = true                               | = true                             | feat_proj_layer_norm = true
        normalizes_first      | layer_norm_first = false     | = false                              | = false                            | do_stable_layer_norm = false
        position_layers       | pos_conv_depth = 1           | modality/conv_pos_depth = 5          | num_conv_pos_embeddings = 5        | = 1
        position_width        | conv_pos = 128               | modality/conv_pos_width = 95         |                                    |
        position_kernel       |                              |                                      | conv_pos_kernel_size = 19          | num_conv_pos_embeddings = 128
        position_groups       | conv_pos_groups = 16         | modality/conv_pos_groups = 16        | num_conv_pos_embedding_groups = 16 | num_conv_pos_embedding_groups = 16
        position_norm         | = several                    | = always                             | = always                           | = never
        position_batch_norm   | conv_pos_batch_norm = false  | = false                              | = false                            | conv_pos_batch_norm = false
        normalize             | task/normalize               | task/normalize                       | preprocessor/do_normalize = true   | preprocessor/do_normalize = true
        sample_rate           | = 16000                      | = 16000                              | preprocessor/sampling_rate = 16000 | preprocessor/sampling_rate = 16000
        must be gelu          | activation_fn = gelu         |                                      | hidden_act = gelu                  | hidden_act = gelu
        must be gelu          |                              |                                      | feat_extract_activation = gelu     | feat_extract_activation = gelu
        must be transformer   | layer_type = transformer     |                                      |                                    |
        must be ''            | attn_type = ''               |                                      |                                    | adapter_attn_dim = ''
        must be false         | quantize_input = false       | modality/conv_pos_pre_ln = false     | add_adapter = false                | add_adapter = false
        must be false         |                              | layer_norm_first = false             |                                    |
        must be false         |                              | modality/learned_alibi = false       |                                    |
        must be true          |                              | modality/use_alibi_encoder = false   |                                    |
        must be true          |                              | norm_affine = true                   |                                    |
        must be 0             |                              | modality/num_extra_tokens = 0        |                                    |
        """);

    private static readonly LayoutTable s_names = new("""
        model file                      | data2vec_audio                     | data2vec_multi                      | data2vec-audio                         | wav2vec2
        feature_extractor.{i}.          | feature_extractor.conv_layers.{i}. | local_encoder.conv_layers.{i}.      | feature_extractor.conv_layers.{i}.     | feature_extractor.conv_layers.{i}.
          conv                          | 0                                  | 0                                   | conv                                   | conv
          norm                          | 2.1                                | 2.1                                 | layer_norm                             | layer_norm
          norm                          | 2                                  | 2                                   |                                        |
        feature_projection.norm         | layer_norm                         | project_features.1                  | feature_projection.layer_norm          | feature_projection.layer_norm
        feature_projection.linear       | post_extract_proj                  | project_features.2                  | feature_projection.projection          | feature_projection.projection
        positional_convolution.scale    | encoder.pos_conv.0                 |                                     |                                        | encoder.pos_conv_embed.batch_norm
        positional_convolution.{i}.conv | encoder.pos_conv.{i}.0             | relative_positional_encoder.{i+1}.0 | encoder.pos_conv_embed.layers.{i}.conv | encoder.pos_conv_embed.conv
        encoder.norm                    | encoder.layer_norm                 | context_encoder.norm                | encoder.layer_norm                     | encoder.layer_norm
        encoder.alibi_scale : a 1 b 1 1 |                                    | alibi_scale                         |                                        |
        encoder.relative_position_bias  | encoder.layers.0.self_attn.relative_attention_bias |                     |                                        | encoder.layers.0.attention.rel_attn_embed
        encoder.{i}.                    | encoder.layers.{i}.                | /{block}.                           | encoder.layers.{i}.                    | encoder.layers.{i}.
          attention.query               | self_attn.q_proj                   | attn.qkv[0/3]                       | attention.q_proj                       | attention.q_proj
          attention.key                 | self_attn.k_proj                   | attn.qkv[1/3]                       | attention.k_proj                       | attention.k_proj
          attention.value               | self_attn.v_proj                   | attn.qkv[2/3]                       | attention.v_proj                       | attention.v_proj
          attention.output              | self_attn.out_proj                 | attn.proj                           | attention.out_proj                     | attention.out_proj
          attention.gate                | self_attn.grep_linear              |                                     |                                        | attention.gru_rel_pos_linear
          attention.gate_scale : 1 a 1 1 | self_attn.grep_a                  |                                     |                                        | attention.gru_rel_pos_const
          attention_norm                | self_attn_layer_norm               | norm1                               | layer_norm                             | layer_norm
          feed_forward.intermediate     | fc1                                | mlp.fc1                             | feed_forward.intermediate_dense        | feed_forward.intermediate_dense
          feed_forward.output           | fc2                                | mlp.fc2                             | feed_forward.output_dense              | feed_forward.output_dense
          feed_forward_norm             | final_layer_norm                   | norm2                               | final_layer_norm                       | final_layer_norm
        ctc                             | /w2v_encoder.proj                  | /w2v_encoder.proj                   | /lm_head                               | /lm_head
        mask_embedding                  | mask_emb                           |                                     | masked_spec_embed                      | masked_spec_embed
        predictor                       | final_proj                         |                                     |                                        |
        predictor                       | final_proj.0                       |                                     |                                        |
        - mask embedding                | mask_emb                           | encoder_mask                        | masked_spec_embed                      | masked_spec_embed
        - prediction head               | final_proj.                        | decoder., /shared_decoder.          |                                        |
        - reconstruction                |                                    | recon_proj., /recon_proj.           |                                        |
        - teacher                       |                                    | /_ema                               |                                        |
        """);

    /// <summary>What pre-training alone uses of each model, in fairseq and transformers.</summary>
    private static readonly LayoutTable s_unused = new("""
        model file   | data2vec_audio | data2vec-audio | data2vec_multi | wav2vec2                                         | hubert                         | wavlm
        - targets    | _ema           | _ema           | /_ema          | quantizer., project_q., project_hid., target_glu. | label_embs_concat, target_glu. | label_embs_concat, target_glu.
        """);

    /// <summary>The names of tensors in fairseq.</summary>
    public static TensorNames FairseqNames => new(s_names, Fairseq);

    /// <summary>The names of tensors in transformers.</summary>
    public static TensorNames HuggingFaceNames => new(s_names, HuggingFace);

    /// <summary>The options of fairseq's model.</summary>
    public static IEnumerable<(string Row, string[] Names)> FairseqOptions => s_options.Column(Fairseq);

    /// <summary>The options of transformers' model.</summary>
    public static IEnumerable<(string Row, string[] Names)> HuggingFaceOptions => s_options.Column(HuggingFace);

    /// <summary>All of them.</summary>
    public static IEnumerable<Layout> All =>
    [
        new(SourceCheckpoint.Fairseq, Fairseq, "data2vec speech model", ReadFairseq) { Architecture = ModelArchitecture.Data2VecAudio },
        new(SourceCheckpoint.Fairseq, Data2Vec2.Model, "data2vec 2.0 speech model", ReadFairseq) { Architecture = ModelArchitecture.Data2Vec2Audio, Modality = "AUDIO" },
        new(SourceCheckpoint.Fairseq, Wav2Vec2, "wav2vec 2.0 speech model", ReadFairseq) { Architecture = ModelArchitecture.Wav2Vec2 },
        new(SourceCheckpoint.Fairseq, Hubert, "HuBERT speech model", ReadFairseq) { Architecture = ModelArchitecture.Hubert },
        new(WavLmLayout.Microsoft, WavLmLayout.Model, "WavLM speech model", ReadFairseq)
        {
            Architecture = ModelArchitecture.WavLm,
            Recognizes = WavLmLayout.Recognizes,
        },
        OfHuggingFace(HuggingFace, "data2vec speech model", ModelArchitecture.Data2VecAudio),
        OfHuggingFace(Wav2Vec2, "wav2vec 2.0 speech model", ModelArchitecture.Wav2Vec2),
        OfHuggingFace(Hubert, "HuBERT speech model", ModelArchitecture.Hubert),
        OfHuggingFace(WavLmLayout.Model, "WavLM speech model", ModelArchitecture.WavLm),
    ];

    private static Layout OfHuggingFace(string model, string title, string architecture) =>
        new(SourceCheckpoint.HuggingFace, model, title, ReadHuggingFace) { Architecture = architecture, HeadEnding = "ForCTC" };

    private static SourceModel ReadFairseq(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForSpeech();
        InvalidData.ThrowIf(
            checkpoint.Options is null,
            $"recognized as a {layout.Title} by its tensors, but its configuration is missing: the file must be a dictionary of 'cfg' and 'model'");
        checkpoint = checkpoint with { Weights = FoldedWeights.Fold(checkpoint.Weights, PositionalConvolution) };
        IReadOnlyList<string>? labels = checkpoint.Head is null ? RefuseDictionary(given) : FairseqLabels(checkpoint, given);
        bool isSecond = layout.Model == Data2Vec2.Model;
        LayoutOptions options = isSecond
            ? Data2Vec2.Options(s_options, checkpoint, "audio")
            : new LayoutOptions(s_options, Fairseq, checkpoint.Options!, ("task", checkpoint.TaskWith("normalize")));
        TransformerSizes sizes = TransformerSizes.Read(options);
        AudioConfig config = Config(layout, checkpoint, options, sizes, labels) with
        {
            Ctc = labels is null ? null : FairseqTexts(checkpoint, labels),
        };
        TensorNames names = isSecond ? Data2Vec2.Names(s_names, checkpoint, sizes.PrenetLayers) : new TensorNames(s_names, Fairseq);
        if (!config.HasPositionalNorm)
        {
            names.Add("positional_convolution.0.conv", config.HasPositionalScale ? $"{PositionalConvolution}.1" : $"{PositionalConvolution}.0");
        }

        return Model(layout, checkpoint, config, names, layout.Format == SourceCheckpoint.Fairseq ? $"fairseq {checkpoint.OuterModel}" : layout.Format) with
        {
            TeacherKey = layout.Model is Fairseq or Data2Vec2.Model ? "_ema" : null,
            TeacherName = isSecond ? Data2Vec2.TeacherName(checkpoint, "audio") : SourceModel.WithoutPrefix(Transformer),
            TeacherWeights = weights => FoldedWeights.Fold(weights, PositionalConvolution[Transformer.Length..]),
        };
    }

    private static SourceModel ReadHuggingFace(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        given.RefuseForSpeech();
        checkpoint = checkpoint with { Weights = FoldedWeights.Fold(checkpoint.Weights, PositionalConvolution) };
        (HuggingFaceFolder folder, CheckpointOptions config) = checkpoint.InFolder;
        string column = layout.Model == HuggingFace ? HuggingFace : Wav2Vec2;
        CheckpointOptions? preprocessor = folder.Preprocessing("feature_extractor")?.Options;
        var options = new LayoutOptions(s_options, column, config, ("preprocessor", preprocessor));
        if (preprocessor is null)
        {
            checkpoint.Warnings.Add(
                $"{HuggingFaceFolder.PreprocessorName} is not beside {HuggingFaceFolder.ConfigName}: recordings are read at {options.Integer("sample_rate", 1, 10_000_000)} Hz, " +
                $"{(options.Flag("normalize") ? "and normalized to the mean 0 and the variance 1" : "and not normalized")}");
        }

        IReadOnlyList<string>? labels = checkpoint.Weights.Size("lm_head.weight", 2, 0, Limits.Size) is { } outputs
            ? HuggingFaceLabels(folder, outputs, given)
            : RefuseDictionary(given);
        return Model(
            layout,
            checkpoint,
            Config(layout, checkpoint, options, TransformerSizes.Read(options), labels) with
            {
                Ctc = labels is null ? null : given.DictionaryPath is null ? HuggingFaceTexts(folder, labels) : CtcLabels.Letters(labels),
            },
            new TensorNames(s_names, column),
            $"Hugging Face {layout.Model}");
    }

    private static SourceModel Model(Layout layout, SourceCheckpoint checkpoint, AudioConfig config, TensorNames names, string source)
    {
        names.AddUnused(s_unused, layout.Model);
        string head = config.Labels is null ? ", pretrained" : $" with a CTC head of {config.Labels.Count} labels";
        return SourceModel.Create(layout, checkpoint, config, names, $"{layout.Title}{head} ({source})");
    }

    private static AudioConfig Config(
        Layout layout, SourceCheckpoint checkpoint, LayoutOptions options, TransformerSizes sizes, IReadOnlyList<string>? labels)
    {
        sizes.RequireEpsilon(options, 1e-5f);
        int depth = options.Integer("position_layers", 1, Limits.Layers);
        bool hasNorm = options.Text("position_norm") switch { "several" => depth > 1, var choice => choice == "always" };
        bool isWidth = options.Has("position_width");
        int size = options.Integer(isWidth ? "position_width" : "position_kernel", 1, Limits.Size);
        int kernel = isWidth && hasNorm ? Math.Max(3, size / depth) : size;
        int groups = options.Divisor("position_groups", "hidden_size", sizes.Hidden);
        List<Conv1dShape> extractor = FeatureExtractor(options);
        return new AudioConfig
        {
            Architecture = layout.Architecture!,
            FeatureExtractor = extractor,
            ExtractorNorm = Norm(options),
            HasExtractorBias = options.Flag("extractor_bias"),
            HasFeatureNorm = options.Flag("feature_norm"),
            HasFeatureProjection = extractor[^1].OutputChannels != sizes.Hidden || !LeavesOutProjection(layout, checkpoint),
            PositionalConvolution = [.. Enumerable.Repeat(new Conv1dShape(sizes.Hidden, sizes.Hidden, kernel, 1, kernel / 2, groups), depth)],
            HasPositionalNorm = hasNorm,
            HasPositionalScale = !hasNorm && options.Flag("position_batch_norm"),
            NormalizesFirst = options.Flag("normalizes_first"),
            DistanceBuckets = layout.Model == WavLmLayout.Model ? WavLmLayout.Buckets(layout, checkpoint.Options!) : null,
            HiddenSize = sizes.Hidden,
            Layers = sizes.Layers,
            Heads = sizes.Heads,
            FeedForwardSize = sizes.FeedForward,
            Normalize = options.Flag("normalize"),
            SampleRate = options.Integer("sample_rate", 1, 10_000_000),
            Labels = labels,
        };
    }

    private static ExtractorNorm Norm(LayoutOptions options)
    {
        const string Row = "extractor_norm";
        string norm = options.Text(Row);
        return norm switch
        {
            "default" or "group" => ExtractorNorm.Group,
            "layer_norm" or "layer" => ExtractorNorm.Layer,
            _ => throw options.Bad(Row, $"is '{PickleText.Quote(norm)}'; a group norm after the first convolution and a layer norm after each are supported"),
        };
    }

    // fairseq's wav2vec 2.0 and HuBERT, and WavLM, project features only if they have another size than hidden states.
    private static bool LeavesOutProjection(Layout layout, SourceCheckpoint checkpoint)
    {
        const string Name = "post_extract_proj.";
        return layout.Format != SourceCheckpoint.HuggingFace && layout.Model is Wav2Vec2 or Hubert or WavLmLayout.Model
            && !checkpoint.Weights.Contains(Name + "weight") && !checkpoint.Weights.Contains(Name + "bias");
    }

    private static List<Conv1dShape> FeatureExtractor(LayoutOptions options)
    {
        var extractor = new List<Conv1dShape>();
        foreach ((int channels, int kernel, int stride) in options.Has("convolutions") ? ConvolutionList.Parse(options.Text("convolutions")) : Lists())
        {
            extractor.Add(new Conv1dShape(extractor.Count == 0 ? 1 : extractor[^1].OutputChannels, channels, kernel, stride));
        }

        return extractor;

        IEnumerable<(int Channels, int Kernel, int Stride)> Lists()
        {
            int[] channels = options.Integers("channels", 1, Limits.Size);
            int[] kernels = options.Integers("kernels", 1, Limits.Size);
            int[] strides = options.Integers("strides", 1, Limits.Size);
            bool isUnequal = kernels.Length != channels.Length || strides.Length != channels.Length;
            options.ThrowIf(isUnequal, "channels", "has another length than conv_kernel and conv_stride");
            return channels.Zip(kernels, strides);
        }
    }

    private static IReadOnlyList<string>? RefuseDictionary(ConversionOptions given) => given.DictionaryPath is null
        ? null
        : throw new InvalidDataException("a pretrained model has no CTC head and takes no dictionary");

    private static IReadOnlyList<string> FairseqLabels(SourceCheckpoint checkpoint, ConversionOptions given)
    {
        IReadOnlyList<string> labels =
            (given.DictionaryPath is { } path ? FairseqDictionary.ReadFile(path) : FairseqDictionary.FromCheckpoint(checkpoint.Root!))
            ?? throw new InvalidDataException("the labels of the CTC head are missing from the checkpoint; give its dictionary (dict.ltr.txt)");
        return checkpoint.Weights.Find("w2v_encoder.proj.bias") is { Shape: [long outputs] } ? RequireCount(labels, outputs) : labels;
    }

    private static CtcLabels FairseqTexts(SourceCheckpoint checkpoint, IReadOnlyList<string> labels)
    {
        checkpoint.HeadOptions!.Require("blank_weight", "0", "0");
        string blank = checkpoint.TaskWith("blank_symbol")?.Text("blank_symbol") ?? labels[0];
        int index = labels.Index().FirstOrDefault(label => label.Item == blank, (Index: -1, Item: "")).Index;
        InvalidData.ThrowIf(index < 0, $"the option blank_symbol is {PickleText.Quote(blank)}, which is not in the dictionary");
        return CtcTexts.Fairseq(labels, checkpoint.Criterion?.Text("post_process") ?? "letter", index);
    }

    private static IReadOnlyList<string> RequireCount(IReadOnlyList<string> labels, long outputs) => labels.Count == outputs
        ? labels
        : throw new InvalidDataException($"the dictionary has {labels.Count} labels, the four special ones included, and the CTC head {outputs} outputs");

    private static IReadOnlyList<string> HuggingFaceLabels(HuggingFaceFolder folder, int outputs, ConversionOptions given)
    {
        const string Vocabulary = "vocab.json";
        if (given.DictionaryPath is not null)
        {
            return RequireCount(FairseqDictionary.ReadFile(given.DictionaryPath), outputs);
        }

        CheckpointOptions vocabulary = folder.Options(Vocabulary)
            ?? throw new InvalidDataException(
                $"the labels of the CTC head are missing: {Vocabulary} is not in the folder; put it there, or give a dictionary (dict.ltr.txt)");
        string?[] labels = new string?[outputs];
        foreach (CheckpointOptions tokens in new[] { vocabulary, folder.Options("added_tokens.json") }.OfType<CheckpointOptions>())
        {
            // Vocabularies have tokens beyond the head's outputs, for other uses.
            foreach ((string token, int id) in tokens.IntegerEntries(0, int.MaxValue).Where(entry => entry.Value < outputs))
            {
                tokens.ThrowIf(labels[id] is { } other && other != token, $"the id {id}", "stands for two tokens");
                labels[id] = token;
            }
        }

        vocabulary.ThrowIf(labels.Contains(null), "a token", $"is missing: the CTC head has {outputs} outputs");
        return [.. labels.OfType<string>()];
    }

    // transformers trains with pad_token_id as the blank, and its tokenizer leaves out the token of that role.
    private static CtcLabels HuggingFaceTexts(HuggingFaceFolder folder, IReadOnlyList<string> labels)
    {
        const string Pad = "pad_token", Id = "pad_token_id";
        int blank = folder.Config.Integer(Id, 0, 0, Limits.Size);
        folder.Config.ThrowIf(blank >= labels.Count, Id, $"is {blank}, and the CTC head has {labels.Count} outputs");
        CheckpointOptions? tokenizer = folder.Options("tokenizer_config.json");
        var special = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string role, string usual) in (ReadOnlySpan<(string, string)>)[("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"), (Pad, "<pad>")])
        {
            string? named = new[] { tokenizer, folder.Options("special_tokens_map.json") }.OfType<CheckpointOptions>()
                .Select(options => options.Group(role) is { } group ? group.Text("content") : options.Text(role)).FirstOrDefault(text => text is not null);
            special.Add(named ?? usual);
            folder.Config.ThrowIf(
                role == Pad && named is not null && labels[blank] != named && labels.Contains(named),
                Id, $"is {blank}, the label {PickleText.Quote(labels[blank])}, but the tokenizer's {Pad} is {PickleText.Quote(named ?? "")}; make them agree");
        }

        return CtcTexts.HuggingFace(labels, blank, tokenizer, special);
    }
}
