using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Converters.Fairseq;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters;

/// <summary>Converts checkpoints to model files (<c>.d2v</c>).</summary>
public static class CheckpointConverter
{
    /// <summary>
    /// Converts fairseq's checkpoints of data2vec speech models: pretrained ones (<c>data2vec_audio</c>) and those
    /// fine-tuned with a CTC head (<c>wav2vec_ctc</c>).
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
        IReadOnlyList<string>? labels =
            options.DictionaryPath is null ? null : FairseqDictionary.ReadFile(options.DictionaryPath);
        string name = Path.GetFileName(checkpoint);
        using PyTorchFile file = PyTorchFile.Open(checkpoint);
        try
        {
            if (Path.GetFullPath(checkpoint) == Path.GetFullPath(output))
                throw new InvalidDataException("the model file would replace the checkpoint; give it another name");
            FairseqCheckpoint source = FairseqCheckpoint.Read(file.Root);
            AudioModel model = AudioModel.Read(source, labels);
            return Write(model, name, output, options, progress);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{name}: {error.Message}", error);
        }
    }

    private static ConversionResult Write(
        AudioModel model,
        string sourceName,
        string output,
        ConversionOptions options,
        IProgress<ConversionProgress>? progress)
    {
        // What the engine would refuse must not be written.
        using (JsonDocument config = JsonDocument.Parse(model.Config.ToJson().ToJsonString()))
            _ = AudioConfig.FromJson(config.RootElement);
        IReadOnlyList<TensorMapping> mappings = AudioTensors.Of(model.Config, model.EncoderPrefix);
        Dictionary<string, PyTorchTensor> tensors = model.Resolve(mappings, options.Teacher);
        var provenance = new JsonObject
        {
            ["source"] = sourceName,
            ["format"] = "fairseq",
            ["model"] = "data2vec_audio",
        };
        if (options.Teacher)
            provenance["teacher"] = true;
        var contents = new D2vContents
        {
            Architecture = AudioConfig.Architecture,
            Config = model.Config.ToJson(),
            Provenance = provenance,
            Tensors = mappings.Select(mapping => Declare(mapping, options.Type)).ToList(),
        };

        using D2vWriter writer = D2vWriter.Create(output, contents);
        long parameters = 0;
        for (int i = 0; i < mappings.Count; i++)
        {
            string name = mappings[i].Name;
            PyTorchTensor tensor = tensors[name];
            tensor.Verify();
            writer.Write(name, tensor.Read);
            parameters += tensor.Count;
            progress?.Report(new ConversionProgress(name, i + 1, mappings.Count));
        }

        long bytes = writer.Length;
        writer.Complete();
        string description = options.Teacher ? $"{model.Description}, the teacher's weights" : model.Description;
        return new ConversionResult(AudioConfig.Architecture, description, parameters, bytes);
    }

    private static TensorDeclaration Declare(TensorMapping mapping, ElementType type)
    {
        if (mapping.Shape.Length < 2)
            return new TensorDeclaration(mapping.Name, ElementType.F32, mapping.Shape);
        return type == ElementType.F32
            ? new TensorDeclaration(mapping.Name, type, mapping.Shape, WeightLayout.Panels, mapping.Groups)
            : new TensorDeclaration(mapping.Name, type, mapping.Shape);
    }
}
