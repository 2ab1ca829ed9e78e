using System.Buffers.Binary;
using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Vision;

namespace Data2Vec.Converters.Exports;

/// <summary>Writes models as checkpoints of fairseq, which fairseq loads strictly and can continue to train.</summary>
public static class FairseqExport
{
    private const string MaskEmbedding = "mask_embedding", Predictor = "predictor.";

    /// <summary>Writes a checkpoint of data2vec for speech, text or images: of pre-training, or with a head.</summary>
    /// <param name="path">The checkpoint (<c>.pt</c>), which is created or replaced when it is complete.</param>
    /// <param name="student">
    /// The model. Without a head it needs the parameters that pre-training alone uses, <c>mask_embedding</c> and <c>predictor</c>, as the model in the
    /// state of a run has them. With a head, those that are missing become zeros, because fairseq's models have them all the same.
    /// </param>
    /// <param name="teacher">The teacher of pre-training; null: equal to the student.</param>
    /// <param name="run">What fairseq needs to continue; null for weights alone.</param>
    /// <exception cref="InvalidDataException">The model has another architecture or lacks parameters, or the source is no checkpoint of fairseq.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void Write(string path, D2vFile student, D2vFile? teacher = null, FairseqRun? run = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(student);
        run ??= new FairseqRun();
        ModelConfig config = ModelConfig.FromJson(student.Config, student.Architecture);
        ExportTensor[] tensors = InvalidData.Named(student.Path, () => Tensors(student, config));
        PickleDictionary options = Options(config, student, run);
        PickleDictionary root = PlainValues.Dictionary(
            ("args", null),
            ("cfg", options),
            ("model", new OrderedDictionary(Model(tensors, config, student, teacher ?? student))),
            ("criterion", null),
            ("optimizer_history", PlainValues.List([PlainValues.Dictionary(
                ("criterion_name", FairseqOptions.Criterion(config)), ("optimizer_name", "FairseqAdam"),
                ("lr_scheduler_state", PlainValues.Dictionary(("best", null))), ("num_updates", run.Updates))])),
            ("task_state", config is AudioConfig { Labels: { } labels } ? PlainValues.Dictionary(("target_dictionary", Dictionary(labels, config))) : new PickleDictionary()),
            ("extra_state", PlainValues.Dictionary(
                ("previous_training_time", 0.0),
                ("train_iterator", PlainValues.Dictionary(("version", 2L), ("epoch", run.Epoch), ("iterations_in_epoch", 0L), ("shuffle", true))),
                ("val_loss", null))));
        if (run.Adam is { } adam)
        {
            root.Set("last_optimizer_state", Optimizer(tensors, adam));
        }

        TorchWriter.Write(path, root);
    }

    private static ExportTensor[] Tensors(D2vFile student, ModelConfig config)
    {
        SentenceFiles.Refuse(config, "a checkpoint of fairseq");
        ExportLayout layout = ExportLayout.Fairseq(config);

        // fairseq's model for images has no such parameters with a head.
        bool hasHead = config.Labels is not null, isVision = config is VisionConfig;
        IEnumerable<TensorInfo> used = student.Tensors.Values.Where(tensor => !(hasHead && config is not TextConfig && IsPredictor(tensor.Name))
            && !(hasHead && isVision && tensor.Name == MaskEmbedding));
        List<(string Name, IReadOnlyList<int> Shape)> all = [.. used.Select(tensor => (tensor.Name, tensor.Shape))];
        string[] missing = [.. Needed(config).Where(needed => !student.Tensors.ContainsKey(needed.Name)).Select(needed => needed.Name)];
        string? fatal = hasHead ? null : missing.FirstOrDefault(name => name == MaskEmbedding || !isVision);
        InvalidData.ThrowIf(
            fatal is not null, $"the model has no '{fatal}', which only training uses and fairseq's pretrained models have; export the state of a run instead");
        all.AddRange(Needed(config).Where(needed => missing.Contains(needed.Name)));
        return [.. FairseqOrder.Sort(
            layout.Arrange(all).Select(tensor => missing.Contains(tensor.Parts[0]) ? tensor with { Parts = [] } : tensor),
            tensor => tensor.Name)];
    }

    /// <summary>What fairseq's models have beside the encoder and the head.</summary>
    private static IEnumerable<(string Name, IReadOnlyList<int> Shape)> Needed(ModelConfig config)
    {
        int size = config.HiddenSize;
        bool hasHead = config.Labels is not null;
        if (config is AudioConfig || (config is VisionConfig && !hasHead))
        {
            yield return (MaskEmbedding, [size]);
        }

        foreach ((string layer, int inputs, int outputs) in config is TextConfig ? [("predictor.0", size, 2 * size), ("predictor.1", 2 * size, size)]
            : hasHead ? [] : new[] { ("predictor", size, size) })
        {
            yield return ($"{layer}.weight", [outputs, inputs]);
            yield return ($"{layer}.bias", [outputs]);
        }
    }

    private static PickleDictionary Options(ModelConfig config, D2vFile student, FairseqRun run)
    {
        int layers = student.Tensors.Keys.Count(name => IsPredictor(name) && name.EndsWith(".weight", StringComparison.Ordinal));
        PickleDictionary? source = null;
        if (run.SourcePath is { } path)
        {
            using PyTorchFile file = PyTorchFile.Open(path);
            source = InvalidData.Named(Path.GetFileName(path), () =>
            {
                InvalidData.ThrowIf(file.Root is not PickleDictionary, "not a checkpoint of fairseq");
                return ((PickleDictionary)file.Root).TryGetValue("cfg", out object? options) ? PlainValues.Of(options) as PickleDictionary : null;
            });
        }

        PickleDictionary all = FairseqOptions.Of(config, layers == 0 ? 2 : layers, source);
        if (run.Options is not null)
        {
            PlainValues.Merge(all, (PickleDictionary)PlainValues.Of(run.Options)!);
        }

        return all;
    }

    private static PickleDictionary Model(ExportTensor[] tensors, ModelConfig config, D2vFile student, D2vFile teacher)
    {
        var model = new PickleDictionary();
        (string teacherKey, string averaged) = config is TextConfig ? ("encoder._ema", "encoder.sentence_encoder.") : ("_ema", "encoder.");

        // fairseq's text model makes a teacher when it loads a checkpoint, also with a head, and asks for its weights.
        bool hasTeacher = config.Labels is null || config is TextConfig;
        var ema = new PickleDictionary();
        foreach ((string name, TorchTensor tensor, ExportTensor? of) in WithBuffers(tensors, config, student))
        {
            model.Set(name, tensor);
            if (hasTeacher && name.StartsWith(averaged, StringComparison.Ordinal))
            {
                ema.Set(name[averaged.Length..], of is null ? tensor : Tensor(of, teacher));
            }
        }

        if (hasTeacher)
        {
            model.Set(teacherKey, ema);
        }

        return model;
    }

    /// <summary>The tensors with those that fairseq's modules keep without learning them.</summary>
    private static IEnumerable<(string Name, TorchTensor Tensor, ExportTensor? Of)> WithBuffers(ExportTensor[] tensors, ModelConfig config, D2vFile student)
    {
        const string Table = ".relative_position_bias_table";
        if (config is TextConfig)
        {
            yield return ("encoder.sentence_encoder.version", new TorchTensor("FloatStorage", [1], stream => stream.Write(BitConverter.GetBytes(3f))), null);
        }

        foreach (ExportTensor tensor in tensors)
        {
            yield return (tensor.Name, Tensor(tensor, student), tensor);
            if (config is VisionConfig vision && tensor.Name.EndsWith(Table, StringComparison.Ordinal))
            {
                int rows = vision.Patches + 1;
                yield return ($"{tensor.Name[..^Table.Length]}.relative_position_index",
                    new TorchTensor("LongStorage", [rows, rows], stream => WriteIndex(vision.GridSize, stream)), null);
            }
        }
    }

    private static TorchTensor Tensor(ExportTensor tensor, D2vFile model) => new("FloatStorage", tensor.Shape, stream => tensor.Write(model, stream));

    /// <summary>BEiT's numbers of the distances between patches; the last three are those from the class token, to it, and of it to itself.</summary>
    private static void WriteIndex(int grid, Stream stream)
    {
        int patches = grid * grid, side = 2 * grid - 1, distances = side * side;
        byte[] row = new byte[(patches + 1) * sizeof(long)];
        for (int i = -1; i < patches; i++)
        {
            for (int j = -1; j < patches; j++)
            {
                long number = (i, j) switch
                {
                    (-1, -1) => distances + 2,
                    (-1, _) => distances,
                    (_, -1) => distances + 1,
                    _ => (i / grid - j / grid + grid - 1) * side + (i % grid - j % grid + grid - 1),
                };
                BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan((j + 1) * sizeof(long)), number);
            }

            stream.Write(row);
        }
    }

    private static PickleDictionary Optimizer(ExportTensor[] tensors, FairseqAdam adam)
    {
        var state = new PickleDictionary();
        foreach ((int index, ExportTensor tensor) in tensors.Index())
        {
            if (tensor.Parts.Count > 0 && adam.Steps.TryGetValue(tensor.Parts[0], out long steps) && steps > 0)
            {
                state.Set((long)index, PlainValues.Dictionary(
                    ("step", steps), ("exp_avg", Moment(tensor, adam.Mean)), ("exp_avg_sq", Moment(tensor, adam.Square))));
            }
        }

        PickleDictionary group = PlainValues.Dictionary(
            ("lr", adam.Rate), ("betas", new PickleTuple(adam.Beta1, adam.Beta2)), ("eps", adam.Epsilon), ("weight_decay", adam.WeightDecay), ("amsgrad", false),
            ("params", PlainValues.List(Enumerable.Range(0, tensors.Length).Select(index => (object?)(long)index))));
        return PlainValues.Dictionary(("state", state), ("param_groups", PlainValues.List([group])));
    }

    private static TorchTensor Moment(ExportTensor tensor, Func<string, float[]> read) => new("FloatStorage", tensor.Shape, stream => tensor.Write(read, stream));

    /// <summary>fairseq's dictionary of the labels. Its first four are the special ones.</summary>
    private static PickleObject Dictionary(IReadOnlyList<string> labels, ModelConfig config)
    {
        InvalidData.ThrowIf(
            labels.Count < 4 || (config as AudioConfig)?.Ctc?.Blank is > 0,
            "the labels are not fairseq's, whose first is the blank and whose first four stand for nothing; export to Hugging Face instead");
        return new PickleObject(new PickleGlobal("fairseq.data.dictionary", "Dictionary"), new PickleTuple())
        {
            State = PlainValues.Dictionary(
                ("bos_word", labels[0]), ("unk_word", labels[3]), ("pad_word", labels[1]), ("eos_word", labels[2]),
                ("symbols", PlainValues.List(labels)),
                ("count", PlainValues.List(labels.Select(_ => (object?)1L))),
                ("indices", PlainValues.Dictionary([.. labels.Select((label, i) => (label, (object?)(long)i))])),
                ("bos_index", 0L), ("pad_index", 1L), ("eos_index", 2L), ("unk_index", 3L), ("nspecial", 4L)),
        };
    }

    private static bool IsPredictor(string name) => name.StartsWith(Predictor, StringComparison.Ordinal);
}
