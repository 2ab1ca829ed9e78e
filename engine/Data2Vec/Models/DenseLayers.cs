using System.Globalization;

namespace Data2Vec;

/// <summary>The dense layers that follow a model's pooling.</summary>
internal sealed class DenseLayers
{
    /// <summary>The scope of the parameters.</summary>
    public const string Scope = "embedding";

    private readonly (DenseLayer Layer, LinearWeights Weights)[] _layers;

    private DenseLayers((DenseLayer Layer, LinearWeights Weights)[] layers) => _layers = layers;

    /// <summary>Declares the layers of a model; null if it has none.</summary>
    public static DenseLayers? Create(ModelConfig config, ParameterScope parameters)
    {
        ParameterScope scope = parameters.In(Scope);
        int inputs = (config.Embedding with { Dense = [] }).SizeOf(config.HiddenSize);
        var layers = new (DenseLayer, LinearWeights)[config.Embedding.Dense.Count];
        for (int i = 0; i < layers.Length; i++)
        {
            DenseLayer layer = config.Embedding.Dense[i];
            layers[i] = (layer, scope.Linear([scope.Affine(i.ToString(CultureInfo.InvariantCulture), inputs, layer.Features, hasBias: layer.HasBias)]));
            inputs = layer.Features;
        }

        return layers.Length > 0 ? new DenseLayers(layers) : null;
    }

    /// <summary>Applies the layers to pooled vectors.</summary>
    public float[][] Apply(Inference run, float[][] vectors)
    {
        long mark = run.Mark();
        Tensor x = run.Allocate(vectors.Length, vectors[0].Length, ElementType.F32);
        run.Upload([.. vectors.SelectMany(vector => vector)], x);
        foreach ((DenseLayer layer, LinearWeights weights) in _layers)
        {
            Activation activation = layer.Activation switch
            {
                DenseActivation.Relu => Activation.Relu,
                DenseActivation.Gelu => Activation.Gelu,
                _ => Activation.None,
            };
            Tensor output = run.Allocate(x.Rows, weights.Outputs, ElementType.F32);
            run.Linear(x, weights, output, activation);
            x = output;
            if (layer.Activation == DenseActivation.Tanh)
            {
                Tensor bounded = run.Allocate(x.Rows, x.Columns, x.Type);
                run.Tanh(x, bounded);
                x = bounded;
            }
        }

        float[][] results = [.. RowPooling.Download(run, x).Chunk(x.Columns)];
        run.Release(mark);
        return results;
    }
}
