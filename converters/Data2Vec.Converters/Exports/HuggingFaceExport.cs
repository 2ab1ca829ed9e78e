using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Converters.Layouts;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Exports;

/// <summary>Writes models as folders of Hugging Face's transformers.</summary>
public static class HuggingFaceExport
{
    private const string Predictor = "predictor.", MaskEmbedding = "mask_embedding";

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <summary>
    /// Writes a folder with <c>config.json</c>, <c>model.safetensors</c>, and what the inputs need: <c>preprocessor_config.json</c> for recordings and
    /// images, the vocabulary of a CTC head, the files of a tokenizer; and of models that give other vectors than the mean of the rows, or prepare texts in a way
    /// of their own, the files of sentence-transformers (<c>modules.json</c>). The models are data2vec's of speech, text and images, and BERT, each with or
    /// without a head.
    /// </summary>
    /// <param name="folder">The folder, which is created if it does not exist. Files of these names in it are replaced.</param>
    /// <param name="model">The model. Parameters that training alone uses are left out, but for the vector of masked places.</param>
    /// <exception cref="InvalidDataException">transformers has no such model, or none that computes the same.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(string folder, D2vFile model)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(model);
        ModelConfig config = ModelConfig.FromJson(model.Config, model.Architecture);
        var files = new Dictionary<string, JsonNode>();
        var others = new Dictionary<string, ReadOnlyMemory<byte>>();
        var weights = new List<(string Path, IReadOnlyList<ExportTensor> Tensors)>();
        InvalidData.Named(model.Path, () =>
        {
            weights.Add((HuggingFaceFolder.WeightNames[0], Tensors(model, config)));
            AddFiles(model, config, files, others);
            if (config is TextConfig text)
            {
                weights.AddRange(SentenceFiles.Add(text, files));
            }
            else
            {
                SentenceFiles.Refuse(config, "a folder of transformers");
            }

            return true;
        });

        foreach ((string name, JsonNode json) in files)
        {
            others.Add(name, System.Text.Encoding.UTF8.GetBytes($"{json.ToJsonString(s_indented)}\n"));
        }

        if (!others.ContainsKey(SentenceTransformer.ModulesName) && File.Exists(Path.Combine(folder, SentenceTransformer.ModulesName)))
        {
            throw new IOException($"{Path.Combine(folder, SentenceTransformer.ModulesName)} describes another model; choose an empty folder");
        }

        foreach (string path in others.Keys.Concat(weights.Select(file => file.Path)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
        }

        foreach ((string path, IReadOnlyList<ExportTensor> tensors) in weights)
        {
            SafetensorsWriter.Write(Path.Combine(folder, path), tensors, model);
        }

        foreach ((string path, ReadOnlyMemory<byte> bytes) in others)
        {
            NewFile.Write(Path.Combine(folder, path), stream => stream.Write(bytes.Span));
        }
    }

    private static List<ExportTensor> Tensors(D2vFile model, ModelConfig config)
    {
        ExportLayout layout = ExportLayout.HuggingFace(config);
        IEnumerable<TensorInfo> used = model.Tensors.Values.OrderBy(tensor => tensor.Offset)
            .Where(tensor => !tensor.Name.StartsWith(Predictor, StringComparison.Ordinal) && !(tensor.Name == MaskEmbedding && config is TextConfig)
                && !tensor.Name.StartsWith(SentenceModules.DenseScope, StringComparison.Ordinal));
        List<ExportTensor> tensors = [.. layout.Arrange(used.Select(tensor => (tensor.Name, tensor.Shape)))];
        if (config is TextConfig { TokenTypes: 1 } text)
        {
            // The vector of the token type is added to those of the positions, so that nothing is left of it.
            tensors.Add(new ExportTensor($"{layout.Prefix}embeddings.token_type_embeddings.weight", [TokenTypes(text), text.HiddenSize], []));
        }

        return tensors;
    }

    private static void AddFiles(D2vFile model, ModelConfig config, Dictionary<string, JsonNode> files, Dictionary<string, ReadOnlyMemory<byte>> others)
    {
        JsonObject json = config switch { AudioConfig => new() { ["model_type"] = "data2vec-audio" }, VisionConfig => new() { ["model_type"] = "data2vec-vision" }, _ => [] };
        var preprocessor = new JsonObject();
        IEnumerable<(string, string[])> table = config switch
        {
            AudioConfig => AudioLayouts.HuggingFaceOptions,
            TextConfig => TextLayouts.HuggingFaceOptions,
            _ => VisionLayouts.HuggingFaceOptions,
        };
        foreach ((string place, object? value) in OptionValues.Of(table, config))
        {
            string[] parts = place.Split('/');
            (parts.Length > 1 ? preprocessor : json)[parts[^1]] = Json(value);
        }

        files.Add(HuggingFaceFolder.ConfigName, json);
        switch (config)
        {
            case AudioConfig audio:
                Describe(json, audio.Labels is null ? "Data2VecAudioModel" : "Data2VecAudioForCTC");
                preprocessor["feature_extractor_type"] = "Wav2Vec2FeatureExtractor";
                preprocessor["feature_size"] = 1;
                preprocessor["padding_value"] = 0.0;
                preprocessor["return_attention_mask"] = true;
                files.Add(HuggingFaceFolder.PreprocessorName, preprocessor);
                if (audio.Labels is not null)
                {
                    HuggingFaceTexts.AddCtc(audio, json, files);
                }

                break;
            case TextConfig text:
                string family = text.IsBert ? "Bert" : "Data2VecText";
                json["model_type"] = text.IsBert ? "bert" : "data2vec-text";
                Describe(json, text.Labels is null ? $"{family}Model" : $"{family}ForSequenceClassification");
                json["max_position_embeddings"] = text.MaxTokens + text.FirstPosition;
                json["pad_token_id"] = text.PaddingId;
                json["type_vocab_size"] = TokenTypes(text);
                HuggingFaceTexts.AddTokenizer(text, model, json, files, others);
                AddLabels(json, text);
                break;
            case VisionConfig vision:
                InvalidData.ThrowIf(
                    vision.PoolSkipsFirstPatch,
                    "the head was trained on the mean of all patches but the first, as fairseq's are, and transformers' models take all; set 'pool_skips_first_patch' to " +
                    "false and train the head further, or export to fairseq");
                Describe(json, vision.Labels is null ? "Data2VecVisionModel" : "Data2VecVisionForImageClassification");
                json["use_mask_token"] = model.Tensors.ContainsKey(MaskEmbedding);
                json["use_shared_relative_position_bias"] = model.Tensors.ContainsKey("relative_position_bias.weight");
                json["use_relative_position_bias"] = model.Tensors.ContainsKey("encoder.0.relative_position_bias.weight");
                json["layer_scale_init_value"] = model.Tensors.ContainsKey("encoder.0.attention_scale") ? 0.1 : 0;
                AddLabels(json, vision);
                files.Add(HuggingFaceFolder.PreprocessorName, Preprocessing(vision.Preprocessing));
                break;
        }
    }

    private static int TokenTypes(TextConfig config) => Math.Max(config.TokenTypes, config.IsBert ? 2 : 1);

    private static void Describe(JsonObject json, string architecture)
    {
        json["architectures"] = new JsonArray(architecture);
        json["torch_dtype"] = "float32";
    }

    private static void AddLabels(JsonObject json, TransformerConfig config)
    {
        if (config.Labels is not { } labels)
        {
            return;
        }

        json["id2label"] = new JsonObject([.. labels.Select((label, i) => KeyValuePair.Create(i.ToString(CultureInfo.InvariantCulture), (JsonNode?)label))]);
        var numbers = new JsonObject();
        foreach ((int i, string label) in labels.Index())
        {
            numbers.TryAdd(label, i);
        }

        json["label2id"] = numbers;
        json["problem_type"] = config.HeadFunction switch
        {
            HeadFunction.None => "regression",
            HeadFunction.Sigmoid => "multi_label_classification",
            _ => "single_label_classification",
        };
        InvalidData.ThrowIf(
            labels.Count == 1 && config.HeadFunction == HeadFunction.Softmax, "a head with one output and softmax always gives 1; transformers has no such head");
    }

    private static JsonObject Preprocessing(ImagePreprocessing preprocessing)
    {
        InvalidData.ThrowIf(
            preprocessing.Channels != ChannelOrder.Rgb || preprocessing.Interpolation == Interpolation.OpenCvBicubic,
            "the images are prepared as OpenCV does, which transformers does not");
        bool isSquashed = preprocessing.Resize == ResizeMode.Squash;
        return new JsonObject
        {
            ["image_processor_type"] = "BeitImageProcessor",
            ["do_resize"] = true,
            ["size"] = isSquashed
                ? new JsonObject { ["height"] = preprocessing.ResizeSize, ["width"] = preprocessing.ResizeSize }
                : new JsonObject { ["shortest_edge"] = preprocessing.ResizeSize },
            ["resample"] = preprocessing.Interpolation == Interpolation.Bilinear ? 2 : 3,
            ["do_center_crop"] = !isSquashed || preprocessing.CropSize != preprocessing.ResizeSize,
            ["crop_size"] = new JsonObject { ["height"] = preprocessing.CropSize, ["width"] = preprocessing.CropSize },
            ["do_rescale"] = true,
            ["rescale_factor"] = 1 / 255.0,
            ["do_normalize"] = true,
            ["image_mean"] = Channels(preprocessing.Mean),
            ["image_std"] = Channels(preprocessing.StandardDeviation),
            ["do_reduce_labels"] = false,
        };

        static JsonArray Channels(ChannelValues values) =>
            new(OptionValues.Rounded(values.Red), OptionValues.Rounded(values.Green), OptionValues.Rounded(values.Blue));
    }

    private static JsonNode? Json(object? value) => value switch
    {
        null => null,
        bool flag => flag,
        int number => number,
        long number => number,
        double number => number,
        string text => text,
        PickleList list => new JsonArray([.. list.Select(Json)]),
        _ => throw new InvalidOperationException($"A {value.GetType().Name} is no option."),
    };
}
