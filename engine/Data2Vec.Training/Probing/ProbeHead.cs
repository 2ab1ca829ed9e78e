using System.Text.Json.Nodes;
using Data2Vec.Text;
using Data2Vec.Vision;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Training.Probing;

/// <summary>
/// A probe as the classification head of a model file. The last layer of a head is linear; what it reads is not the pooled vector itself, so a probe that
/// is to become a head is fitted to the vectors of <see cref="Apply(FeatureVectors)"/>. The head then computes exactly the probe's scores, up to rounding.
/// </summary>
/// <remarks>
/// The head of images normalizes the mean of the patches: the norm gets gains of 1 and biases of 0. The head of texts is a dense layer with tanh before the
/// last one: the dense layer gets the identity divided by 128, where tanh is nearly linear, and the weights of the last layer make up for it. Speech models and
/// VGG networks have no head of this kind.
/// </remarks>
public sealed class ProbeHead
{
    /// <summary>The field of a model file's provenance that says where its head is from, if it is not that of the checkpoint.</summary>
    internal const string ProvenanceOfHead = "head";

    /// <summary>A power of two, which no number format rounds. Hidden states of 12.8 are 0.3 % smaller after tanh.</summary>
    private const float DenseScale = 1 / 128f;

    private const string Prefix = "classifier.";

    private readonly TransformerConfig _config;

    private ProbeHead(TransformerConfig config) => _config = config;

    /// <summary>How vectors are pooled: with this, of the model's output, not scaled to length 1.</summary>
    public Pooling Pooling => _config is TextConfig ? Pooling.Class : Pooling.Mean;

    /// <summary>The head that a model can have; null if it can have none. Of a model with dense layers after its pooling, a head would read what is before them.</summary>
    public static ProbeHead? For(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config is TextConfig or VisionConfig && config.Embedding.Dense.Count == 0 ? new ProbeHead((TransformerConfig)config) : null;
    }

    /// <summary>Turns pooled vectors into what the last layer of the head reads.</summary>
    /// <exception cref="ArgumentException">The vectors have another length than the model's.</exception>
    public FeatureVectors Apply(FeatureVectors pooled)
    {
        ArgumentNullException.ThrowIfNull(pooled);
        if (pooled.Features != _config.HiddenSize)
        {
            throw new ArgumentException($"The vectors have {pooled.Features} features, but the model has {_config.HiddenSize}.", nameof(pooled));
        }

        float[] values = new float[pooled.Count * pooled.Features];
        for (int i = 0; i < pooled.Count; i++)
        {
            Apply(pooled[i], values.AsSpan(i * pooled.Features, pooled.Features));
        }

        return new FeatureVectors(values, pooled.Features);
    }

    /// <summary>Writes a model file with a probe of classes as its head. A head that the model has is replaced.</summary>
    /// <param name="model">The model.</param>
    /// <param name="probe">A probe that was fitted to vectors of <see cref="Apply(FeatureVectors)"/>.</param>
    /// <param name="path">The new file.</param>
    /// <exception cref="ArgumentException">The probe does not fit the model, or has a class without a vector.</exception>
    public void Write(D2vFile model, ClassificationProbe probe, string path)
    {
        ArgumentNullException.ThrowIfNull(probe);
        if (!TensorPrimitives.IsFiniteAll(probe.Biases))
        {
            throw new ArgumentException($"The class '{probe.Labels[probe.Biases.IndexOf(float.NegativeInfinity)]}' had no vector; a head needs one of each.", nameof(probe));
        }

        Write(model, path, probe.Labels, HeadFunction.Softmax, probe.Weights.ToArray(), probe.Biases.ToArray());
    }

    /// <summary>Writes a model file with a probe of numbers as its head. A head that the model has is replaced.</summary>
    /// <param name="model">The model.</param>
    /// <param name="probe">A probe that was fitted to vectors of <see cref="Apply(FeatureVectors)"/>.</param>
    /// <param name="label">What the number is called.</param>
    /// <param name="path">The new file.</param>
    /// <exception cref="ArgumentException">The probe does not fit the model.</exception>
    public void Write(D2vFile model, RegressionProbe probe, string label, string path)
    {
        ArgumentNullException.ThrowIfNull(probe);
        Write(model, path, [label], HeadFunction.None, probe.Weights.ToArray(), [probe.Bias]);
    }

    private void Apply(ReadOnlySpan<float> pooled, Span<float> destination)
    {
        if (_config is TextConfig)
        {
            TensorPrimitives.Multiply(pooled, DenseScale, destination);
            TensorPrimitives.Tanh(destination, destination);
            return;
        }

        double mean = 0, squares = 0;
        foreach (float value in pooled)
        {
            mean += value / (double)pooled.Length;
        }

        foreach (float value in pooled)
        {
            squares += (value - mean) * (value - mean);
        }

        double scale = 1 / Math.Sqrt((squares / pooled.Length) + HeadEpsilon);
        for (int k = 0; k < pooled.Length; k++)
        {
            destination[k] = (float)((pooled[k] - mean) * scale);
        }
    }

    private float HeadEpsilon => (_config as VisionConfig)?.ClassifierEpsilon ?? _config.Epsilon;

    private void Write(D2vFile model, string path, IReadOnlyList<string> labels, HeadFunction function, float[] weights, float[] biases)
    {
        ArgumentNullException.ThrowIfNull(model);
        int hidden = _config.HiddenSize;
        var config = ModelConfig.FromJson(model.Config, model.Architecture);
        if (config.Architecture != _config.Architecture || config.HiddenSize != hidden || weights.Length != labels.Count * hidden)
        {
            throw new ArgumentException($"A probe of {weights.Length / labels.Count} features does not fit {model.Path} ({config.Architecture}, {config.HiddenSize}).", nameof(model));
        }

        // The means of embeddings are over all patches.
        ModelConfig headed = config is VisionConfig vision
            ? vision with { Labels = labels, HeadFunction = function, PoolSkipsFirstPatch = false, ClassifierEpsilon = HeadEpsilon }
            : (TextConfig)config with { Labels = labels, HeadFunction = function };
        List<(string Name, int[] Shape, float[] Values)> head =
            [($"{Prefix}output.weight", [labels.Count, hidden], weights), ($"{Prefix}output.bias", [labels.Count], biases)];
        float[] ones = new float[hidden];
        Array.Fill(ones, 1);
        head.InsertRange(0, config is VisionConfig
            ? [($"{Prefix}norm.weight", [hidden], ones), ($"{Prefix}norm.bias", [hidden], new float[hidden])]
            : [($"{Prefix}dense.weight", [hidden, hidden], ScaledIdentity(hidden)), ($"{Prefix}dense.bias", [hidden], new float[hidden])]);
        JsonObject provenance = JsonObject.Create(model.Provenance) ?? [];

        // The labels are those of the probe, not of the checkpoint.
        provenance[ProvenanceOfHead] = "probe";
        var contents = new D2vContents
        {
            Architecture = model.Architecture,
            Config = headed.ToJson(),
            Provenance = provenance,
            Tensors =
            [
                .. model.Tensors.Values.Where(tensor => !IsOfHead(tensor)).OrderBy(tensor => tensor.Offset)
                    .Select(tensor => new TensorDeclaration(tensor.Name, tensor.Type, tensor.Shape, tensor.Layout, tensor.Groups)),
                .. head.Select(tensor => new TensorDeclaration(
                    tensor.Name, ElementType.F32, tensor.Shape, tensor.Shape.Length > 1 ? WeightLayout.Panels : WeightLayout.Rows)),
            ],
        };
        foreach (string name in model.Assets.Keys)
        {
            contents.Assets[name] = model.Asset(name).ToArray();
        }

        using var writer = D2vWriter.Create(path, contents);
        foreach (TensorInfo tensor in model.Tensors.Values.Where(tensor => !IsOfHead(tensor)))
        {
            writer.Write(tensor.Name, sink => sink.WriteAll(model.Pointer(tensor)));
        }

        foreach ((string name, _, float[] values) in head)
        {
            writer.Write(name, (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination));
        }

        writer.Complete();

        static bool IsOfHead(TensorInfo tensor) => tensor.Name.StartsWith(Prefix, StringComparison.Ordinal);
    }

    private static float[] ScaledIdentity(int size)
    {
        float[] matrix = new float[checked(size * size)];
        for (int i = 0; i < size; i++)
        {
            matrix[(i * size) + i] = DenseScale;
        }

        return matrix;
    }
}
