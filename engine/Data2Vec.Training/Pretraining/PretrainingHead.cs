using Data2Vec.Training.Network;

namespace Data2Vec.Training.Pretraining;

/// <summary>What pretraining adds to an encoder: the vector of masked rows and the layers that predict.</summary>
internal sealed class PretrainingHead
{
    private readonly LinearWeights[] _predictor;

    /// <summary>Declares the parameters.</summary>
    public PretrainingHead(ParameterScope parameters, PretrainingObjective objective, int hidden)
    {
        Mask = objective.HasMaskEmbedding ? parameters.Vector(MaskEmbedding(hidden)) : null;
        int inputs = hidden;
        _predictor = new LinearWeights[objective.Predictor.Count];
        for (int i = 0; i < _predictor.Length; i++)
        {
            int outputs = objective.Predictor[i] * hidden;
            _predictor[i] = parameters.Linear(_predictor.Length == 1 ? "predictor" : $"predictor.{i}", inputs, outputs, InitialValue.Uniform(inputs));
            inputs = outputs;
        }
    }

    /// <summary>The vector of masked rows; null for texts.</summary>
    public EmbeddingWeights? Mask { get; }

    /// <summary>The parameter of the vector of masked rows, which recordings have in fine-tuning, too.</summary>
    public static Parameter MaskEmbedding(int hidden) =>
        new("mask_embedding", [hidden], ParameterRole.Constant) { Initial = new InitialValue(0.5f, 0.5f, IsUniform: true) };

    /// <summary>Predicts targets from rows.</summary>
    public Tensor Predict(Recording run, Tensor x)
    {
        for (int i = 0; i < _predictor.Length; i++)
        {
            x = run.Linear(x, _predictor[i], i + 1 < _predictor.Length ? Kernels.Activation.Gelu : Kernels.Activation.None);
        }

        return x;
    }
}
