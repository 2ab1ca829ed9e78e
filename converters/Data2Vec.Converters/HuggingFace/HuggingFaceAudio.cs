using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Converters.Fairseq;
using Data2Vec.Converters.Layouts;
using Data2Vec.Kernels;

namespace Data2Vec.Converters.HuggingFace;

/// <summary><c>Data2VecAudioModel</c> and <c>Data2VecAudioForCTC</c>.</summary>
internal static class HuggingFaceAudio
{
    public const string Prefix = "data2vec_audio.";
    private const string Head = "lm_head";

    // The engine's, and that of every published model.
    private const float Epsilon = 1e-5f;

    public static SourceModel Read(HuggingFaceFolder folder, ConversionOptions options)
    {
        string prefix = HuggingFaceModel.PrefixOf(folder.Weights, Prefix);
        int? outputs = folder.Weights.Size($"{Head}.weight", 2, 0, Limits.Size);
        AudioConfig config = ReadConfig(folder, Labels(folder, outputs, options));
        return new SourceModel
        {
            Architecture = ModelArchitecture.Data2VecAudio,
            Format = HuggingFaceModel.Format,
            Name = "data2vec-audio",
            Description = outputs is null
                ? "data2vec speech model, pretrained (Hugging Face Data2VecAudioModel)"
                : $"data2vec speech model with a CTC head of {outputs} labels (Hugging Face Data2VecAudioForCTC)",
            Config = config.ToJson(),
            Tensors = ModelTensors.Of(config),
            Weights = folder.Weights,
            Names = Names(prefix),
            LeftOut = [$"{prefix}masked_spec_embed"], // what masked frames are replaced by
        };
    }

    private static TensorNames Names(string prefix)
    {
        const string Layer = "encoder.layers.{i}";
        var names = new TensorNames(prefix)
        {
            { "feature_extractor.{i}.conv", "feature_extractor.conv_layers.{i}.conv" },
            { "feature_extractor.{i}.norm", "feature_extractor.conv_layers.{i}.layer_norm" },
            { "feature_projection.norm", "feature_projection.layer_norm" },
            { "feature_projection.linear", "feature_projection.projection" },
            { "positional_convolution.{i}.conv", "encoder.pos_conv_embed.layers.{i}.conv" },
            { "encoder.norm", "encoder.layer_norm" },
            { "encoder.{i}.attention.query", $"{Layer}.attention.q_proj" },
            { "encoder.{i}.attention.key", $"{Layer}.attention.k_proj" },
            { "encoder.{i}.attention.value", $"{Layer}.attention.v_proj" },
            { "encoder.{i}.attention.output", $"{Layer}.attention.out_proj" },
            { "encoder.{i}.attention_norm", $"{Layer}.layer_norm" },
            { "encoder.{i}.feed_forward.intermediate", $"{Layer}.feed_forward.intermediate_dense" },
            { "encoder.{i}.feed_forward.output", $"{Layer}.feed_forward.output_dense" },
            { "encoder.{i}.feed_forward_norm", $"{Layer}.final_layer_norm" },
        };
        names.AddHead("ctc", Head);
        return names;
    }

    private static AudioConfig ReadConfig(HuggingFaceFolder folder, IReadOnlyList<string>? labels)
    {
        HuggingFaceOptions config = folder.Config;
        HuggingFaceOptions? input = folder.Options("preprocessor_config.json");
        config.Require("hidden_act", "gelu");
        config.Require("feat_extract_activation", "gelu");
        config.Require("conv_bias", false, false);
        config.Require("add_adapter", false, false);
        if (config.Number("layer_norm_eps", Epsilon) is var epsilon && epsilon != Epsilon)
        {
            throw config.Bad("layer_norm_eps", $"is {epsilon}; only {Epsilon} is supported");
        }

        int[] channels = config.Integers("conv_dim", [512, 512, 512, 512, 512, 512, 512], 1, Limits.Size);
        int[] kernels = config.Integers("conv_kernel", [10, 3, 3, 3, 3, 2, 2], 1, Limits.Size);
        int[] strides = config.Integers("conv_stride", [5, 2, 2, 2, 2, 2, 2], 1, Limits.Size);
        if (kernels.Length != channels.Length || strides.Length != channels.Length)
        {
            throw config.Bad("conv_dim", "has another length than conv_kernel and conv_stride");
        }

        int hidden = config.Integer("hidden_size", 768, 1, Limits.Size);
        int kernel = config.Integer("conv_pos_kernel_size", 19, 1, Limits.Size);
        if (kernel % 2 == 0)
        {
            throw config.Bad("conv_pos_kernel_size", $"is {kernel}; even kernels are not supported");
        }

        int groups = config.Divisor("num_conv_pos_embedding_groups", 16, hidden);
        return new AudioConfig
        {
            FeatureExtractor =
                [.. channels.Select((outputs, i) => new Conv1dShape(i == 0 ? 1 : channels[i - 1], outputs, kernels[i], strides[i]))],
            PositionalConvolution =
            [
                .. Enumerable.Repeat(
                    new Conv1dShape(hidden, hidden, kernel, 1, kernel / 2, groups),
                    config.Integer("num_conv_pos_embeddings", 5, 1, Limits.Layers)),
            ],
            HiddenSize = hidden,
            Layers = config.Integer("num_hidden_layers", 12, 1, Limits.Layers),
            Heads = config.Divisor("num_attention_heads", 12, hidden),
            FeedForwardSize = config.Integer("intermediate_size", 3072, 1, Limits.Size),
            Normalize = input?.Flag("do_normalize", true) ?? true,
            SampleRate = input?.Integer("sampling_rate", 16_000, 1, 10_000_000) ?? 16_000,
            Labels = labels,
        };
    }

    private static IReadOnlyList<string>? Labels(HuggingFaceFolder folder, int? outputs, ConversionOptions options)
    {
        if (outputs is not { } count)
        {
            return options.DictionaryPath is null
                ? null
                : throw new InvalidDataException("a pretrained model has no CTC head, so that a dictionary is of no use to it");
        }

        const string Vocabulary = "vocab.json";
        if (options.DictionaryPath is not null)
        {
            IReadOnlyList<string> given = FairseqDictionary.ReadFile(options.DictionaryPath);
            return given.Count == count
                ? given
                : throw new InvalidDataException($"the dictionary has {given.Count} labels, the four special ones included, and the CTC head {count} outputs");
        }

        if (folder.Config.Integer("pad_token_id", 0, 0, Limits.Size) is var blank and not 0)
        {
            throw folder.Config.Bad("pad_token_id", $"is {blank}; only 0 is supported as the blank of a CTC head");
        }

        HuggingFaceOptions vocabulary = folder.Options(Vocabulary)
            ?? throw new InvalidDataException($"the labels of the CTC head are missing: {Vocabulary} is not in the folder; put it there, or give a dictionary (dict.ltr.txt)");
        var labels = new string?[count];
        foreach (HuggingFaceOptions tokens in new[] { vocabulary, folder.Options("added_tokens.json") }.OfType<HuggingFaceOptions>())
        {
            foreach ((string token, _) in tokens.Entries())
            {
                // Vocabularies have tokens beyond the head's outputs, for other uses.
                int id = tokens.Integer(token, 0, 0, int.MaxValue);
                if (id < count && labels[id] is { } other && other != token)
                {
                    throw tokens.Bad($"the id {id}", "stands for two tokens");
                }

                if (id < count)
                {
                    labels[id] = token;
                }
            }
        }

        return labels.All(label => label is not null) ? [.. labels.OfType<string>()] : throw vocabulary.Bad("a token", $"is missing: the CTC head has {count} outputs");
    }
}
