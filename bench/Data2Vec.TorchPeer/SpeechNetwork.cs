using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Data2Vec.TorchPeer;

/// <summary>fairseq's <c>Data2VecAudioModel</c>.</summary>
internal sealed class SpeechNetwork : Network
{
    private static readonly long[] s_strides = [5, 2, 2, 2, 2, 2, 2];

    public override Tensor Embed(NamedTensors parameters, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        Tensor x = inputs.unsqueeze(1);
        for (int i = 0; i < s_strides.Length; i++)
        {
            using var inner = NewDisposeScope();
            string name = $"feature_extractor.{i}";
            x = functional.conv1d(x, parameters[$"{name}.conv.weight"], stride: s_strides[i]);
            x = functional.gelu(parameters.Norm(x.transpose(1, 2), $"{name}.norm").transpose(1, 2)).MoveToOuterDisposeScope();
        }

        return parameters.Linear(parameters.Norm(x.transpose(1, 2), "feature_projection.norm"), "feature_projection.linear").MoveToOuterDisposeScope();
    }

    public override Tensor Contextualize(NamedTensors parameters, Tensor x, List<Tensor>? outputs)
    {
        Tensor positions = x.transpose(1, 2);
        for (int i = 0; i < 5; i++)
        {
            using var scope = NewDisposeScope();
            string name = $"positional_convolution.{i}.conv";
            positions = functional.conv1d(positions, parameters[$"{name}.weight"], parameters[$"{name}.bias"], padding: 9, groups: 16);
            positions = functional.gelu(NamedTensors.PlainNorm(positions.transpose(1, 2)).transpose(1, 2)).MoveToOuterDisposeScope();
        }

        x = parameters.Norm(x + positions.transpose(1, 2), "encoder.norm");
        for (int layer = 0; layer < 12; layer++)
        {
            x = PostNormLayer(parameters, x, layer, outputs);
        }

        return x;
    }

    public override Tensor Targets(List<Tensor> outputs) =>
        Mean([.. outputs.TakeLast(8).Select(output => functional.instance_norm(output.transpose(1, 2)))]).transpose(1, 2);

    public override Tensor Predict(NamedTensors parameters, Tensor x) => parameters.Linear(x, "predictor");

    public override Tensor Loss(Tensor prediction, Tensor targets) =>
        functional.mse_loss(prediction, targets, Reduction.Sum) / Math.Sqrt(prediction.shape[^1]);
}
