using System.Text.Json.Nodes;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Converters.Layouts;
using Data2Vec.Converters.Onnx;
using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters;

/// <summary>Converts checkpoints to model files (<c>.d2v</c>).</summary>
public static class CheckpointConverter
{
    /// <summary>
    /// Converts a checkpoint. Its layout is detected: fairseq (<c>.pt</c>) for data2vec and data2vec 2.0 of all modalities, wav2vec 2.0, HuBERT and RoBERTa; Microsoft's
    /// WavLM (<c>.pt</c>); vision transformers of BEiT (<c>.pth</c>, DeepSpeed's too), MAE, DINO, MoCo v3, SimMIM, MaskFeat, timm and torchvision; torchvision's VGG
    /// networks (<c>vgg16-*.pth</c>); "Hate Speech in Pixels" (<c>multimodal_HS.pt</c>); and
    /// Hugging Face folders (<c>config.json</c> with <c>model.safetensors</c>, <c>pytorch_model.bin</c> or <c>model.onnx</c>, also in shards) of <c>Data2VecAudio</c>,
    /// <c>Wav2Vec2</c>, <c>Hubert</c>, <c>WavLM</c>, <c>Data2VecText</c>, <c>Data2VecVision</c>, <c>ViT</c>, <c>ViTMAE</c>, <c>Beit</c>, <c>Bert</c>, <c>DistilBert</c>, <c>MPNet</c>,
    /// <c>Roberta</c>, <c>XLMRoberta</c> and <c>Camembert</c>, also those of sentence-transformers; and BERT in ONNX files. Models are pretrained or have a
    /// CTC or classification head. A decoder with a language model in a Hugging Face folder is copied beside the model file, for <c>NAME.d2v</c> to <c>NAME.lm</c>.
    /// </summary>
    /// <param name="checkpoint">A file written by <c>torch.save</c>, a Hugging Face folder, or a file in one.</param>
    /// <param name="output">The model file, which is created or replaced when it is complete.</param>
    /// <param name="options">Options that add to what the checkpoint says.</param>
    /// <param name="progress">Receives each tensor that was written. An exception from it cancels the conversion and leaves no file.</param>
    /// <exception cref="InvalidDataException">
    /// The checkpoint or a file in its folder is damaged, or the model is not supported; the message names the file and the fault.
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
        InvalidData.ThrowIf(
            Path.GetFullPath(checkpoint) == Path.GetFullPath(output),
            $"{name}: the model file would replace the checkpoint; give it another name");

        string? found = HuggingFaceFolder.Find(checkpoint);
        string path = found ?? checkpoint;
        InvalidData.ThrowIf(
            found is not null && HuggingFaceFolder.WouldReplace(found, output),
            $"{name}: the model file would replace {Path.GetFileName(output)} of the model's folder; give it another name");
        if (found is not null && found.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) && !HuggingFaceFolder.IsBesideConfig(found))
        {
            // Weights alone tell the structure of a vision transformer.
            using SafetensorsSet set = SafetensorsSet.Open(found);
            var weights = Weights.FromTensors(set.Tensors);
            if (VitLayouts.HasPatches(weights))
            {
                return Convert(() => SourceCheckpoint.FromWeights(weights));
            }
        }

        if (OnnxFile.IsName(path) && !HuggingFaceFolder.IsBesideConfig(path))
        {
            using OnnxFile onnx = OnnxFile.Open(path);
            return Convert(() => SourceCheckpoint.FromOnnx(onnx, TakeVocabulary(Path.GetDirectoryName(Path.GetFullPath(path))!, ref options)));
        }

        if (found is not null && !found.EndsWith(".bin", StringComparison.OrdinalIgnoreCase))
        {
            using HuggingFaceFolder folder = HuggingFaceFolder.Open(found);
            return Convert(() => SourceCheckpoint.FromFolder(folder, options));
        }

        using PyTorchFile file = PyTorchFile.Open(path);
        HuggingFaceFolder? outer = null;
        try
        {
            return Convert(() =>
            {
                SourceCheckpoint source = SourceCheckpoint.FromPickle(file.Root);
                bool isInFolder = source.Format is null && (found is not null || (HuggingFaceFolder.IsBesideConfig(checkpoint) && Layout.IsHuggingFace(source.Weights)));
                return isInFolder ? SourceCheckpoint.FromFolder(outer = HuggingFaceFolder.Open(path, source.Weights), options) : source;
            });
        }
        finally
        {
            outer?.Dispose();
        }

        ConversionResult Convert(Func<SourceCheckpoint> read)
        {
            ConversionResult result = InvalidData.Named(name, () => Write(Layout.ReadAny(read(), options), name, output, options, progress));
            string? decoder = found is null ? null : DecoderFiles.Copy(Path.GetDirectoryName(Path.GetFullPath(found))!, output);
            return decoder is not null ? result with { Description = $"{result.Description}, with a language model in {Path.GetFileName(decoder)}" }
                : DecoderFiles.In(DecoderFiles.FolderOf(output)).Count == 0 ? result
                : result with { Warnings = [.. result.Warnings, $"{Path.GetFileName(DecoderFiles.FolderOf(output))} is beside the model file, and transcribe uses its language model; delete it if it belongs to another model"] };
        }
    }

    /// <summary>Takes the vocabulary beside an ONNX file without a configuration, unless another is given.</summary>
    /// <returns>What the user should know of it.</returns>
    private static List<string> TakeVocabulary(string folder, ref ConversionOptions options)
    {
        const string Words = "vocab.txt", Tokenizer = "tokenizer.json";
        if (options.VocabularyPath is not null)
        {
            return [];
        }

        if (File.Exists(Path.Combine(folder, Words)))
        {
            options = options with { VocabularyPath = Path.Combine(folder, Words) };
            return [$"{Words} beside the file is taken as its vocabulary; without a capital letter in it, text becomes lower case"];
        }

        return File.Exists(Path.Combine(folder, Tokenizer)) ? [$"{Tokenizer} beside the file is not used, because {HuggingFaceFolder.ConfigName} is not beside it"] : [];
    }

    private static ConversionResult Write(
        SourceModel model,
        string sourceName,
        string output,
        ConversionOptions options,
        IProgress<ConversionProgress>? progress)
    {
        IReadOnlyList<SourceTensor> tensors = model.Resolve(options.Teacher);
        var provenance = new JsonObject
        {
            ["source"] = sourceName,
            ["format"] = model.Layout.Format,
            ["model"] = model.Layout.Model,
        };
        if (options.ModelId is { } id)
        {
            provenance["id"] = id;
        }

        if (model.Checkpoint.LeftOutHead is { } head)
        {
            provenance["left_out_head"] = head;
        }

        if (options.Teacher)
        {
            provenance["teacher"] = true;
        }

        var contents = new D2vContents
        {
            Architecture = model.Architecture,
            Config = model.Config,
            Provenance = provenance,
            Tensors = [.. tensors.Select(tensor => tensor.Parameter.Declare(options.Type))],
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
            writer.Write(tensor.Parameter.Name, tensor.Read);
            parameters += tensor.Parameter.Count;
            progress?.Report(new ConversionProgress(tensor.Parameter.Name, i + 1, tensors.Count));
        }

        long bytes = writer.Length;
        writer.Complete();
        string description = options.Teacher ? $"{model.Description}, the teacher's weights" : model.Description;
        return new ConversionResult(model.Architecture, description, parameters, bytes) { Warnings = [.. model.Checkpoint.Warnings] };
    }
}
