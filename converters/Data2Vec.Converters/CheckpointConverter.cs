using Data2Vec.Architectures;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Converters.Beit;
using Data2Vec.Converters.Fairseq;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.Memes;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Converters.Torchvision;
using Data2Vec.Kernels;
using Data2Vec.Memes;
using Data2Vec.ModelFile;
using Data2Vec.Text;
using Data2Vec.Vision;

namespace Data2Vec.Converters;

/// <summary>Converts checkpoints to model files (<c>.d2v</c>).</summary>
public static class CheckpointConverter
{
    /// <summary>
    /// Converts checkpoints of data2vec models, BERT and VGG networks in all layouts that they come in, which it tells apart itself: fairseq's
    /// (<c>.pt</c>) of data2vec and data2vec 2.0, of speech, text and images, pretrained or with a CTC or classification head; BEiT's of images (<c>.pth</c>,
    /// also DeepSpeed's); torchvision's VGG networks (<c>vgg16-*.pth</c>); the system of "Hate Speech in Pixels" (<c>multimodal_HS.pt</c>); Hugging Face folders (<c>config.json</c> beside <c>model.safetensors</c>, its shards with their index, or
    /// <c>pytorch_model.bin</c>) of <c>Data2VecAudio</c>, <c>Data2VecText</c>, <c>Data2VecVision</c> and <c>Bert</c>, bare or with such heads.
    /// </summary>
    /// <param name="checkpoint">The checkpoint: a file that <c>torch.save</c> wrote, or a Hugging Face folder or a file of one.</param>
    /// <param name="output">The model file; it appears, or replaces what is there, when everything is written.</param>
    /// <param name="options">What to do beyond what the checkpoint says.</param>
    /// <param name="progress">Is told of each tensor that was written; what it throws ends the conversion, and leaves nothing.</param>
    /// <exception cref="InvalidDataException">
    /// The checkpoint or a file beside it is damaged, or holds another model; the message names the file and what is wrong.
    /// </exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static ConversionResult Convert(
        string checkpoint,
        string output,
        ConversionOptions? options = null,
        IProgress<ConversionProgress>? progress = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpoint);
        ArgumentException.ThrowIfNullOrEmpty(output);
        options ??= new ConversionOptions();
        string name = options.SourceName ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkpoint)));
        if (Path.GetFullPath(checkpoint) == Path.GetFullPath(output))
        {
            throw new InvalidDataException($"{name}: the model file would replace the checkpoint; give it another name");
        }

        if (HuggingFaceFolder.Find(checkpoint) is { } found)
        {
            if (HuggingFaceFolder.WouldReplace(found, output))
            {
                throw new InvalidDataException($"{name}: the model file would replace {Path.GetFileName(output)} of the model's folder; give it another name");
            }

            using HuggingFaceFolder folder = HuggingFaceFolder.Open(found);
            return Convert(() => HuggingFaceModel.Read(folder, options));
        }

        using PyTorchFile file = PyTorchFile.Open(checkpoint);
        return Convert(() => Read(file.Root, options));

        ConversionResult Convert(Func<SourceModel> read)
        {
            try
            {
                return Write(read(), name, output, options, progress);
            }
            catch (InvalidDataException error)
            {
                throw new InvalidDataException($"{name}: {error.Message}", error);
            }
        }
    }

    private static SourceModel Read(object? root, ConversionOptions options)
    {
        if (root is PickleDictionary entries)
        {
            // BEiT's first: it may have 'args' too, which are not those of fairseq.
            if (BeitModel.TryRead(entries, options) is { } beit)
            {
                return beit;
            }

            if (FairseqCheckpoint.TryRead(entries) is { } fairseq)
            {
                return Read(fairseq, options);
            }

            var weights = new PickledWeights(entries);
            if (VggModel.IsOne(weights))
            {
                return VggModel.Read(weights, options);
            }

            if (MemeModel.IsOne(weights))
            {
                return MemeModel.Read(weights, options);
            }

            if (BertModel.IsOne(weights))
            {
                return BertModel.Read(weights, options);
            }

            if (HuggingFaceModel.IsOne(weights))
            {
                throw new InvalidDataException("the weights of a Hugging Face model; its config.json must lie beside them");
            }
        }

        throw new InvalidDataException(
            "a checkpoint of an unknown layout: not fairseq's, which has 'cfg' or 'args' and 'model', nor BEiT's, which has 'patch_embed.proj.weight' under 'model' or 'module', nor torchvision's VGG, which has 'features.0.weight' and 'classifier.0.weight', nor a Hugging Face folder");
    }

    private static SourceModel Read(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        switch (checkpoint.ModelName)
        {
            case AudioModel.Pretrained or AudioModel.FineTuned:
                options.RefuseForSpeech();
                return AudioModel.Read(checkpoint, options);
            case Fairseq.TextModel.Name:
                return Fairseq.TextModel.Read(checkpoint, options);
            case Fairseq.VisionModel.Pretrained or Fairseq.VisionModel.FineTuned:
                options.RefuseForImages();
                return Fairseq.VisionModel.Read(checkpoint, options);
            case MultiModel.Pretrained:
                return MultiModel.Read(checkpoint, options);
            case MultiModel.ImageClassification or MultiModel.TextClassification:
                return MultiModel.ReadFineTuned(checkpoint, options);
            default:
                throw new InvalidDataException(ModelNames.Describe(checkpoint.ModelName));
        }
    }

    private static ConversionResult Write(
        SourceModel model,
        string sourceName,
        string output,
        ConversionOptions options,
        IProgress<ConversionProgress>? progress)
    {
        CheckEngine(model);
        IReadOnlyList<SourceTensor> tensors = model.Resolve(options.Teacher);
        var provenance = new JsonObject
        {
            ["source"] = sourceName,
            ["format"] = model.Format,
            ["model"] = model.Name,
        };
        if (options.Teacher)
        {
            provenance["teacher"] = true;
        }

        var contents = new D2vContents
        {
            Architecture = model.Architecture,
            Config = model.Config,
            Provenance = provenance,
            Tensors = tensors.Select(tensor => Declare(tensor.Spec, options.Type)).ToList(),
        };
        foreach ((string name, ReadOnlyMemory<byte> asset) in model.Assets)
        {
            contents.Assets.Add(name, asset);
        }

        using D2vWriter writer = D2vWriter.Create(output, contents);
        long parameters = 0;
        for (int i = 0; i < tensors.Count; i++)
        {
            SourceTensor tensor = tensors[i];
            tensor.Verify();
            writer.Write(tensor.Spec.Name, tensor.Read);
            parameters += tensor.Spec.Shape.Aggregate(1L, (product, size) => product * size);
            progress?.Report(new ConversionProgress(tensor.Spec.Name, i + 1, tensors.Count));
        }

        long bytes = writer.Length;
        writer.Complete();
        string description = options.Teacher ? $"{model.Description}, the teacher's weights" : model.Description;
        return new ConversionResult(model.Architecture, description, parameters, bytes);
    }

    /// <summary>Refuses what would be refused when the model file is loaded.</summary>
    private static void CheckEngine(SourceModel model)
    {
        using JsonDocument json = JsonDocument.Parse(model.Config.ToJsonString());
        CheckEngine(model.Architecture, json.RootElement);
    }

    private static void CheckEngine(string architecture, JsonElement config)
    {
        if (architecture == MemeConfig.Architecture)
        {
            var memes = MemeConfig.FromJson(config);
            foreach (EncoderDescription encoder in new[] { memes.Text, memes.Image }.OfType<EncoderDescription>())
            {
                using JsonDocument part = JsonDocument.Parse(encoder.Config.ToJsonString());
                CheckEngine(encoder.Architecture, part.RootElement);
            }

            return;
        }

        _ = architecture switch
        {
            ModelArchitecture.Data2VecAudio or ModelArchitecture.Data2Vec2Audio => (object)AudioConfig.FromJson(config, architecture),
            ModelArchitecture.Data2VecText or ModelArchitecture.Bert => TextConfig.FromJson(config, architecture),
            ModelArchitecture.Data2VecVision or ModelArchitecture.Data2Vec2Vision => VisionConfig.FromJson(config, architecture),
            ModelArchitecture.Vgg => VggConfig.FromJson(config),
            _ => throw new InvalidOperationException($"{architecture} is not known to the engine."),
        };
    }

    private static TensorDeclaration Declare(TensorSpec spec, ElementType type) => spec.Use switch
    {
        TensorUse.Values => new TensorDeclaration(spec.Name, ElementType.F32, spec.Shape),
        TensorUse.Weights when type is ElementType.F32 or ElementType.BF16 || (type == ElementType.I8 && spec.Shape.Length == 2) =>
            new TensorDeclaration(spec.Name, type, spec.Shape, WeightLayout.Panels, spec.Groups),
        _ => new TensorDeclaration(spec.Name, type, spec.Shape),
    };
}
