using Data2Vec.Architectures;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Converters.Onnx;
using Data2Vec.Text;

namespace Data2Vec.Converters.Layouts;

/// <summary>
/// Text models: data2vec, data2vec 2.0 and RoBERTa of fairseq, data2vec, RoBERTa, BERT, DistilBERT and MPNet of Hugging Face, and BERT checkpoints of
/// 2019, which have no configuration; pretrained or with a classification head.
/// </summary>
internal static class TextLayouts
{
    private const string Fairseq = "data2vec_text", Roberta = "roberta", HuggingFace = "data2vec-text", Bert = "bert", DistilBert = "distilbert", MpNet = "mpnet";
    private const string HuggingFaceOptionColumn = "data2vec-text and bert", RobertaPrefix = "roberta.";
    private const string HeadEnding = "ForSequenceClassification", WordEmbeddings = "embeddings.word_embeddings.weight";
    private const string FairseqRoot = "encoder.sentence_encoder.", BertPrefix = "bert.";

    /// <summary>Features of an attention head in every published BERT; the weights do not tell.</summary>
    private const int BertHeadSize = 64;

    /// <summary>Keys farther away share a bucket; a constant in MPNet's code.</summary>
    private const int FarthestOfMpNet = 128;

    private const string TokenTypes = "embeddings.token_type_embeddings.weight";

    private static readonly LayoutTable s_options = new("""
        model file          | data2vec_text                          | roberta                                | data2vec_multi
        .                   | transformer.encoder.                   | encoder_                               |
          layers            | layers = 12                            | layers = 12                            | depth = 8
          heads             | attention_heads = 12                   | attention_heads = 12                   | num_heads = 12
          hidden_size       | embed_dim = 768                        | embed_dim = 768                        | embed_dim = 768
          feed_forward_size | ffn_embed_dim = 3072                   | ffn_embed_dim = 3072                   |
          must be true      | learned_pos = false                    | learned_pos = true                     | modality/learned_pos = true
          must be false     | normalize_before = false               | normalize_before = false               | layer_norm_first = false
        .                   | transformer.                           |                                        | modality/
          must be gelu      | activation_fn = gelu                   | activation_fn = gelu                   |
          must be true      | layernorm_embedding = false            | layernorm_embedding = true             | layernorm_embedding = true
          must be true      | no_scale_embedding = false             | no_scale_embedding = true              | no_scale_embedding = true
          must be false     | no_token_positional_embeddings = false | no_token_positional_embeddings = false | no_token_positional_embeddings = false
          must be false     |                                        |                                        | use_alibi_encoder = false, learned_alibi = false
          must be 0         |                                        |                                        | num_extra_tokens = 0
        max_tokens          | max_positions = 512                    | max_positions = 512                    | modality/max_source_positions = 512
        epsilon             | = 1e-5                                 | = 1e-5                                 | norm_eps = 1e-6
        prenet_layers       |                                        |                                        | modality/prenet_depth = 4
        feed_forward_ratio  |                                        |                                        | mlp_ratio = 4
        must be true        |                                        |                                        | norm_affine = true
        must be tanh        |                                        | pooler_activation_fn = tanh            | head/pooler_activation_fn = tanh
        must be false       |                                        | untie_weights_roberta = false          |
        must be false       |                                        | spectral_norm_classification_head = false |
        must be false       |                                        | adaptive_input = false                 |
        must be 0           |                                        | quant_noise_pq = 0, quant_noise_scalar = 0 |
        must be ''          |                                        | encoder_layers_to_keep = ''            |

        model file        | data2vec-text and bert                          | distilbert
        layers            | num_hidden_layers = 12                          | n_layers = 6
        heads             | num_attention_heads = 12                        | n_heads = 12
        hidden_size       | hidden_size = 768                               | dim = 768
        feed_forward_size | intermediate_size = 3072                        | hidden_dim = 3072
        max_tokens        | max_position_embeddings = 512                   | max_position_embeddings = 512
        vocabulary_size   | vocab_size = 30522                              | vocab_size = 30522
        epsilon           | layer_norm_eps = 1e-12                          | = 1e-12
        must be gelu      | hidden_act = gelu                               | activation = gelu
        must be absolute  | position_embedding_type = absolute              |
        must be false     | is_decoder = false, add_cross_attention = false |
        """);

    // The vector of token type 0 is added to those of the positions. Those of other types, which only the pairs of BERT have, are relative to it.
    private static readonly LayoutTable s_names = new("""
        model file                  | fairseq                       | data2vec_multi                | data2vec-text              | bert                       | distilbert                                               | mpnet
        .                           |                               | local_encoder.                | embeddings.                | embeddings.                | embeddings.                                              | embeddings.
          token_embedding           | embed_tokens                  | embed_tokens                  | word_embeddings            | word_embeddings            | word_embeddings                                          | word_embeddings
          position_embedding        | embed_positions               | embed_positions               | position_embeddings        | position_embeddings        | position_embeddings                                      | position_embeddings
          + position_embedding      |                               |                               | token_type_embeddings      | token_type_embeddings      |                                                          |
          token_type_embedding      |                               |                               |                            | token_type_embeddings[-0]  |                                                          |
          embedding_norm            | layernorm_embedding           | layernorm_embedding           | LayerNorm                  | LayerNorm                  | LayerNorm                                                | LayerNorm
          - positions               |                               |                               | position_ids               | position_ids               | position_ids                                             | position_ids
        encoder.{i}.                | layers.{i}.                   | /{block}.                     | encoder.layer.{i}.         | encoder.layer.{i}.         | transformer.layer.{i}.                                   | encoder.layer.{i}.
          attention.query           | self_attn.q_proj              | attn.qkv[0/3]                 | attention.self.query       | attention.self.query       | attention.q_lin                                          | attention.attn.q
          attention.key             | self_attn.k_proj              | attn.qkv[1/3]                 | attention.self.key         | attention.self.key         | attention.k_lin                                          | attention.attn.k
          attention.value           | self_attn.v_proj              | attn.qkv[2/3]                 | attention.self.value       | attention.self.value       | attention.v_lin                                          | attention.attn.v
          attention.query           | self_attn.in_proj[0/3]        |                               |                            |                            |                                                          |
          attention.key             | self_attn.in_proj[1/3]        |                               |                            |                            |                                                          |
          attention.value           | self_attn.in_proj[2/3]        |                               |                            |                            |                                                          |
          attention.output          | self_attn.out_proj            | attn.proj                     | attention.output.dense     | attention.output.dense     | attention.out_lin                                        | attention.attn.o
          attention_norm            | self_attn_layer_norm          | norm1                         | attention.output.LayerNorm | attention.output.LayerNorm | sa_layer_norm                                            | attention.LayerNorm
          feed_forward.intermediate | fc1                           | mlp.fc1                       | intermediate.dense         | intermediate.dense         | ffn.lin1                                                 | intermediate.dense
          feed_forward.output       | fc2                           | mlp.fc2                       | output.dense               | output.dense               | ffn.lin2                                                 | output.dense
          feed_forward_norm         | final_layer_norm              | norm2                         | output.LayerNorm           | output.LayerNorm           | output_layer_norm                                        | output.LayerNorm
        encoder.relative_position_bias |                            |                               |                            |                            |                                                          | encoder.relative_attention_bias
        classifier.dense            | /classification_head.dense    | /classification_head.dense    | /classifier.dense          | pooler.dense               | /pre_classifier                                          | /classifier.dense
        classifier.output           | /classification_head.out_proj | /classification_head.out_proj | /classifier.out_proj       | /classifier                | /classifier                                              | /classifier.out_proj
        predictor.{i}               | /encoder.regression_head.{2i} |                               |                            |                            |                                                          |
        - pooler                    |                               |                               | pooler.                    | pooler.                    |                                                          | pooler.
        - mask embedding            |                               | encoder_mask                  |                            |                            |                                                          |
        - regression head           | /encoder.regression_head.     | decoder., /shared_decoder.    |                            |                            |                                                          |
        - reconstruction            |                               | recon_proj., /recon_proj.     |                            |                            |                                                          |
        - language head             | /encoder.lm_head.             |                               | /lm_head.                  | /cls.                      | /vocab_transform., /vocab_layer_norm., /vocab_projector. | /lm_head.
        - embedding head            | /encoder.emb_head.            |                               |                            |                            |                                                          |
        - teacher                   | /encoder._ema                 | /_ema                         |                            |                            |                                                          |
        - target model              | /encoder.target_model.        |                               |                            |                            |                                                          |
        - version                   | version                       |                               |                            |                            |                                                          |
        """);

    /// <summary>The names of tensors in fairseq.</summary>
    public static TensorNames FairseqNames => new(s_names, "fairseq", FairseqRoot);

    /// <summary>The names of tensors in transformers.</summary>
    public static TensorNames HuggingFaceNames => new(s_names, HuggingFace);

    /// <summary>The options of fairseq's model.</summary>
    public static IEnumerable<(string Row, string[] Names)> FairseqOptions => s_options.Column(Fairseq);

    /// <summary>The options of transformers' models.</summary>
    public static IEnumerable<(string Row, string[] Names)> HuggingFaceOptions => s_options.Column(HuggingFaceOptionColumn);

    /// <summary>All of them.</summary>
    public static IEnumerable<Layout> All =>
    [
        new(SourceCheckpoint.Fairseq, Fairseq, "data2vec text model", ReadFairseq) { HasNamedHeads = true },
        new(SourceCheckpoint.Fairseq, Roberta, "RoBERTa model", ReadFairseq)
        {
            Architectures = ["roberta_base", "roberta_large", "xlmr", "camembert", "gottbert"],
            HasNamedHeads = true,
        },
        new(SourceCheckpoint.Fairseq, Data2Vec2.Model, "data2vec 2.0 text model", ReadFairseq) { Modality = "TEXT", HasNamedHeads = true },
        new(SourceCheckpoint.HuggingFace, HuggingFace, "data2vec text model", ReadHuggingFace) { HeadEnding = HeadEnding },
        new(SourceCheckpoint.HuggingFace, Roberta, "RoBERTa model", ReadHuggingFace) { HeadEnding = HeadEnding },
        new(SourceCheckpoint.HuggingFace, "xlm-roberta", "XLM-R model", ReadHuggingFace) { HeadEnding = HeadEnding, Prefix = RobertaPrefix },
        new(SourceCheckpoint.HuggingFace, "camembert", "CamemBERT model", ReadHuggingFace) { HeadEnding = HeadEnding, Prefix = RobertaPrefix },
        new(SourceCheckpoint.HuggingFace, Bert, "BERT", ReadHuggingFaceBert) { HeadEnding = HeadEnding },
        new(SourceCheckpoint.HuggingFace, DistilBert, "DistilBERT", ReadHuggingFaceBert) { HeadEnding = HeadEnding },
        new(SourceCheckpoint.HuggingFace, MpNet, "MPNet", ReadMpNet) { HeadEnding = HeadEnding },
        new(SourceCheckpoint.HuggingFace, Bert, "BERT", ReadBert)
        {
            Recognizes = checkpoint => checkpoint.Format is null && checkpoint.Weights.Contains($"{BertPrefix}{TokenTypes}"),
        },
        new(SourceCheckpoint.Onnx, Bert, "BERT", ReadBert)
        {
            Recognizes = checkpoint => checkpoint.Format == SourceCheckpoint.Onnx
                && checkpoint.Weights.Without(BertPrefix).Contains("embeddings.token_type_embeddings.weight"),
        },
    ];

    /// <summary>The structure of a BERT that its weights tell.</summary>
    /// <exception cref="InvalidDataException">It is not supported.</exception>
    /// <param name="weights">The weights.</param>
    /// <param name="prefix">The prefix of the encoder's names.</param>
    /// <param name="headSize">Features of an attention head.</param>
    public static TextConfig BertConfig(Weights weights, string prefix, int headSize = BertHeadSize)
    {
        string words = prefix + WordEmbeddings;
        int hidden = weights.RequireSize(words, 2, 1, Limits.Size);
        InvalidData.ThrowIf(
            headSize < 1 || hidden % headSize != 0,
            $"{words} has vectors of {hidden} numbers, which is not a multiple of {headSize}, the size of a head");

        return new TextConfig
        {
            Architecture = ModelArchitecture.Bert,
            VocabularySize = weights.RequireSize(words, 2, 0, Limits.Tokens),
            MaxTokens = weights.RequireSize($"{prefix}embeddings.position_embeddings.weight", 2, 0, Limits.Size),
            HiddenSize = hidden,
            Layers = weights.CountLayers($"{prefix}encoder.layer.{{i}}.intermediate.dense.weight"),
            Heads = hidden / headSize,
            FeedForwardSize = weights.RequireSize($"{prefix}encoder.layer.0.intermediate.dense.weight", 2, 0, Limits.Size),
            Epsilon = 1e-12f,
        };
    }

    /// <summary>The names of BERT's tensors.</summary>
    public static TensorNames BertNames(string prefix) => new(s_names, Bert, prefix);

    private static SourceModel ReadFairseq(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        checkpoint = checkpoint with { Weights = NamedHeads.Choose(checkpoint.Weights, given) };
        bool isSecond = layout.Model == Data2Vec2.Model;
        LayoutOptions options = isSecond ? Data2Vec2.Options(s_options, checkpoint, "text") : new LayoutOptions(s_options, layout.Model, checkpoint.Options!);
        TransformerSizes sizes = TransformerSizes.Read(options);
        sizes.RequireEpsilon(options, 1e-5f);
        options.ThrowIf(sizes.PrenetLayers != 0, "prenet_layers", $"is {sizes.PrenetLayers}; of text models only 0 is supported");
        string embedding = isSecond ? $"{Data2Vec2.Root(checkpoint)}local_encoder.embed_tokens.weight" : $"{FairseqRoot}embed_tokens.weight";
        int? classes = checkpoint.Weights.Size("classification_head.out_proj.weight", 2, 0, Limits.Size);
        var config = new TextConfig
        {
            VocabularySize = checkpoint.Weights.RequireSize(embedding, 2, 0, Limits.Tokens),
            MaxTokens = options.Integer("max_tokens", 3, Limits.Size),
            HiddenSize = sizes.Hidden,
            Layers = sizes.Layers,
            Heads = sizes.Heads,
            FeedForwardSize = sizes.FeedForward,
            Labels = LabelFile.For(classes, given.LabelsPath),

            // fairseq's sentence_prediction trains a single output by its squared error.
            HeadFunction = classes == 1 ? HeadFunction.None : HeadFunction.Softmax,
        };
        return Model(layout, checkpoint, config, TokenizerFiles.Given(given, config), $"fairseq {checkpoint.OuterModel}") with
        {
            Names = isSecond ? Data2Vec2.Names(s_names, checkpoint, sizes.PrenetLayers) : new TensorNames(s_names, "fairseq", FairseqRoot),
            TeacherKey = isSecond ? "_ema" : "encoder._ema",
            TeacherName = isSecond ? Data2Vec2.TeacherName(checkpoint, "text") : SourceModel.WithoutPrefix(FairseqRoot),
        };
    }

    private static SourceModel ReadHuggingFace(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        (HuggingFaceFolder folder, CheckpointOptions options) = checkpoint.InFolder;
        int? classes = checkpoint.Weights.Size("classifier.out_proj.weight", 2, 0, Limits.Size);
        TextConfig config = HuggingFaceConfig(checkpoint, ModelArchitecture.Data2VecText, classes, LabelFile.For(classes, given.LabelsPath, count => options.Labels("id2label", count)));
        TextTokenizer? tokenizer = TokenizerFiles.Given(given, config) ?? TokenizerFiles.Of(folder, config, checkpoint.Warnings);
        return Model(layout, checkpoint, config, tokenizer, $"Hugging Face {layout.Model}");
    }

    private static SourceModel ReadHuggingFaceBert(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        (HuggingFaceFolder folder, CheckpointOptions options) = checkpoint.InFolder;
        int? classes = checkpoint.Weights.Size("classifier.weight", 2, 0, Limits.Size);
        string architecture = layout.Model == DistilBert ? ModelArchitecture.DistilBert : ModelArchitecture.Bert;
        TextConfig config = HuggingFaceConfig(checkpoint, architecture, classes, BertLabels(checkpoint.Weights, given, count => options.Labels("id2label", count)));
        TextTokenizer? tokenizer = TokenizerFiles.WordPieces(given) ?? TokenizerFiles.Of(folder, config, checkpoint.Warnings);
        return Model(layout, checkpoint, config, tokenizer, "Hugging Face");
    }

    private static SourceModel ReadMpNet(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        const string Buckets = "relative_attention_num_buckets";
        (HuggingFaceFolder folder, CheckpointOptions options) = checkpoint.InFolder;
        int? classes = checkpoint.Weights.Size("classifier.out_proj.weight", 2, 0, Limits.Size);
        var buckets = new DistanceBuckets(options.Integer(Buckets, 32, DistanceBuckets.LeastCount, Limits.Size), FarthestOfMpNet, IsGated: false);
        options.ThrowIf(buckets.Farthest <= buckets.Exact, Buckets, $"is {buckets.Count}; a quarter of it must be less than {buckets.Farthest}, the distance that is the farthest in all MPNets");
        IReadOnlyList<string>? labels = LabelFile.For(classes, given.LabelsPath, count => options.Labels("id2label", count));
        TextConfig config = HuggingFaceConfig(checkpoint, ModelArchitecture.MpNet, classes, labels) with { DistanceBuckets = buckets };
        return Model(layout, checkpoint, config, TokenizerFiles.WordPieces(given) ?? TokenizerFiles.Of(folder, config, checkpoint.Warnings), "Hugging Face");
    }

    private static SourceModel ReadBert(Layout layout, SourceCheckpoint checkpoint, ConversionOptions given)
    {
        checkpoint = checkpoint with { Weights = checkpoint.Weights.Without(BertPrefix) };
        checkpoint = given.WithoutHead ? checkpoint with { Weights = checkpoint.Weights.Except(name => name.StartsWith("classifier.", StringComparison.Ordinal)) } : checkpoint;
        OnnxStructure graph = checkpoint.Graph;
        InvalidData.ThrowIf(!graph.HasGelu, "the graph has no exact GELU (the operator Erf); BERTs with another activation are not supported");
        InvalidData.ThrowIf(
            layout.Format == SourceCheckpoint.Onnx && graph.HeadSize is null && given.Heads is null, "the graph does not tell the number of attention heads; give it (--heads)");
        IReadOnlyList<string>? labels = BertLabels(checkpoint.Weights, given, null);
        int? givenSize = given.Heads is { } heads ? checkpoint.Weights.RequireSize(WordEmbeddings, 2, 1, Limits.Size) / heads : null;
        TextConfig config = BertConfig(checkpoint.Weights, "", graph.HeadSize ?? givenSize ?? BertHeadSize) with
        {
            Labels = labels,
            HeadFunction = labels?.Count == 1 ? HeadFunction.None : HeadFunction.Softmax,
            TokenTypes = checkpoint.Weights.RequireSize(TokenTypes, 2, 0, TextConfig.MostTokenTypes),
        };
        config = config with { Epsilon = graph.Epsilon ?? config.Epsilon };
        TextTokenizer? tokenizer = TokenizerFiles.WordPieces(given);
        return Model(layout, checkpoint, config, tokenizer, layout.Format == SourceCheckpoint.Onnx ? "ONNX" : "pytorch-transformers");
    }

    private static IReadOnlyList<string>? BertLabels(Weights weights, ConversionOptions given, Func<int, IReadOnlyList<string>?>? known) =>
        LabelFile.For(weights.Size("classifier.weight", 2, 0, Limits.Size), given.LabelsPath, known);

    private static TextConfig HuggingFaceConfig(SourceCheckpoint checkpoint, string architecture, int? classes, IReadOnlyList<string>? labels)
    {
        (HuggingFaceFolder folder, CheckpointOptions config) = checkpoint.InFolder;
        var options = new LayoutOptions(s_options, architecture == ModelArchitecture.DistilBert ? DistilBert : HuggingFaceOptionColumn, config);
        TransformerSizes sizes = TransformerSizes.Read(options);
        var known = new TextConfig
        {
            Architecture = architecture,
            TokenTypes = architecture == ModelArchitecture.Bert ? config.Integer("type_vocab_size", 2, 1, TextConfig.MostTokenTypes) : 1,
            VocabularySize = options.Integer("vocabulary_size", 5, Limits.Tokens),
            MaxTokens = options.Integer("max_tokens", 5, Limits.Size),
            HiddenSize = sizes.Hidden,
            Layers = sizes.Layers,
            Heads = sizes.Heads,
            FeedForwardSize = sizes.FeedForward,
            Epsilon = sizes.Epsilon,
            Labels = labels,
            HeadFunction = HuggingFaceHead.Function(config, classes),
        };
        int headSize = known.HiddenSize / known.Heads;
        config.ThrowIf(
            folder.Graph.HeadSize is { } size && size != headSize, "num_attention_heads", $"is {known.Heads}, so that a head has {headSize} features; in the graph it has {folder.Graph.HeadSize}");
        config.ThrowIf(
            folder.Graph.Epsilon is { } epsilon && epsilon != known.Epsilon, "layer_norm_eps", $"is {known.Epsilon}; in the graph it is {folder.Graph.Epsilon}");
        int padding = config.Integer("pad_token_id", known.PaddingId, 0, Limits.Tokens);
        config.ThrowIf(padding != known.PaddingId, "pad_token_id", $"is {padding}; only {known.PaddingId} is supported");
        bool isForSentences = checkpoint.Model != HuggingFace && labels is null;
        return TextDefaults.With(known with { MaxTokens = known.MaxTokens - known.FirstPosition }, folder, isForSentences, checkpoint.Warnings);
    }

    private static SourceModel Model(Layout layout, SourceCheckpoint checkpoint, TextConfig config, TextTokenizer? tokenizer, string source)
    {
        bool hasWordPieces = layout.Model is Bert or DistilBert or MpNet;
        if (tokenizer is null)
        {
            string files = hasWordPieces ? "vocab.txt" : "encoder.json, vocab.bpe and dict.txt";
            checkpoint.Warnings.Add($"there is no tokenizer, so the model takes token ids, not texts; give its {files}{(checkpoint.Folder is null ? "" : ", or put the tokenizer's files beside config.json")}");
        }

        if (tokenizer is not null)
        {
            config = config.With(tokenizer);
            TokenizerFiles.WarnOfMissing(tokenizer, config, checkpoint.Warnings);
        }

        string head = config.Labels is { } labels ? $"with a classification head of {labels.Count} labels" : "pretrained";
        TensorNames names = layout.Format == SourceCheckpoint.Fairseq ? new(s_names, "fairseq", FairseqRoot)
            : new(s_names, hasWordPieces ? layout.Model : HuggingFace);
        string description = $"{layout.Title}, {head}{(tokenizer is null ? ", without tokenizer" : "")} ({source})";
        return SourceModel.Create(layout, checkpoint, config, names, description) with { Assets = TokenizerFiles.Assets(tokenizer) };
    }
}
