using System.Text.Json.Nodes;
using Data2Vec.Converters.Fairseq;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters;

/// <summary>Converts checkpoints to model files (<c>.d2v</c>).</summary>
public static class CheckpointConverter
{
    /// <summary>
    /// Converts fairseq's checkpoints of data2vec models: of speech, pretrained (<c>data2vec_audio</c>) or fine-tuned with a CTC
    /// head (<c>wav2vec_ctc</c>); of text (<c>data2vec_text</c>), with a sentence classification head or without; of
    /// images, pretrained (<c>data2vec_vision</c>) or with a head (<c>data2vec_image_classification</c>).
    /// </summary>
    /// <param name="checkpoint">The checkpoint, a file that <c>torch.save</c> wrote.</param>
    /// <param name="output">The model file; it appears, or replaces what is there, when everything is written.</param>
    /// <param name="options">What to do beyond what the checkpoint says.</param>
    /// <param name="progress">Is told of each tensor that was written.</param>
    /// <exception cref="InvalidDataException">
    /// The checkpoint or dictionary is damaged, or holds another model; the message names the file and what is wrong.
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
        string name = Path.GetFileName(checkpoint);
        using PyTorchFile file = PyTorchFile.Open(checkpoint);
        try
        {
            if (Path.GetFullPath(checkpoint) == Path.GetFullPath(output))
                throw new InvalidDataException("the model file would replace the checkpoint; give it another name");
            FairseqCheckpoint source = FairseqCheckpoint.Read(file.Root);
            return Write(Read(source, options), name, output, options, progress);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{name}: {error.Message}", error);
        }
    }

    private static SourceModel Read(FairseqCheckpoint checkpoint, ConversionOptions options)
    {
        switch (checkpoint.ModelName)
        {
            case AudioModel.Pretrained or AudioModel.FineTuned:
                Refuse(options.BytePairFiles is not null, "the files of a tokenizer are of use to text models alone");
                Refuse(options.LabelsPath is not null, "labels are of use to models with a classification head alone");
                return AudioModel.Read(checkpoint, options);
            case TextModel.Name:
                return TextModel.Read(checkpoint, options);
            case VisionModel.Pretrained or VisionModel.FineTuned:
                Refuse(options.BytePairFiles is not null, "the files of a tokenizer are of use to text models alone");
                Refuse(options.DictionaryPath is not null, "a dictionary is of use to text models and CTC heads alone");
                return VisionModel.Read(checkpoint, options);
            default:
                throw new InvalidDataException(ModelNames.Describe(checkpoint.ModelName));
        }
    }

    private static void Refuse(bool given, string why)
    {
        if (given)
            throw new InvalidDataException(why);
    }

    private static ConversionResult Write(
        SourceModel model,
        string sourceName,
        string output,
        ConversionOptions options,
        IProgress<ConversionProgress>? progress)
    {
        IReadOnlyList<TensorMapping> mappings = model.Tensors;
        Dictionary<string, PyTorchTensor> tensors = model.Resolve(options.Teacher);
        var provenance = new JsonObject
        {
            ["source"] = sourceName,
            ["format"] = "fairseq",
            ["model"] = model.Name,
        };
        if (options.Teacher)
            provenance["teacher"] = true;
        var contents = new D2vContents
        {
            Architecture = model.Architecture,
            Config = model.Config,
            Provenance = provenance,
            Tensors = mappings.Select(mapping => Declare(mapping, options.Type)).ToList(),
        };
        foreach ((string name, ReadOnlyMemory<byte> asset) in model.Assets)
            contents.Assets.Add(name, asset);

        using D2vWriter writer = D2vWriter.Create(output, contents);
        long parameters = 0;
        for (int i = 0; i < mappings.Count; i++)
        {
            TensorMapping mapping = mappings[i];
            PyTorchTensor tensor = tensors[mapping.Name];
            tensor.Verify();
            writer.Write(mapping.Name, (start, destination) => tensor.Read(mapping.Start + start, destination));
            parameters += mapping.Shape.Aggregate(1L, (product, size) => product * size);
            progress?.Report(new ConversionProgress(mapping.Name, i + 1, mappings.Count));
        }

        long bytes = writer.Length;
        writer.Complete();
        string description = options.Teacher ? $"{model.Description}, the teacher's weights" : model.Description;
        return new ConversionResult(model.Architecture, description, parameters, bytes);
    }

    private static TensorDeclaration Declare(TensorMapping mapping, ElementType type) => mapping.Use switch
    {
        TensorUse.Values => new TensorDeclaration(mapping.Name, ElementType.F32, mapping.Shape),
        TensorUse.Weights when type == ElementType.F32 =>
            new TensorDeclaration(mapping.Name, type, mapping.Shape, WeightLayout.Panels, mapping.Groups),
        _ => new TensorDeclaration(mapping.Name, type, mapping.Shape),
    };
}
